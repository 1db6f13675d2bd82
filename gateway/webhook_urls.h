// Where the gateway may be asked to send outcomes: only below addresses that the operator allows,
// or a caller could make it call anything that is within its reach.
//
//   ASSIGN_OR_RETURN(WebhookUrls allowed, WebhookUrls::Parse("https://shop.example/hooks"));
//   allowed.Allows("https://shop.example/hooks/switchboard")
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace switchboard::gateway {

// An http or https URL in its parts; no user, no fragment, no dot segments.
struct HttpUrl {
  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address with its brackets
  int port = 0;        // the scheme's own when the URL names none
  std::string path;    // as written, at least "/"
  std::string query;   // as written, without the question mark
};

// nullopt: not such a URL, or one that readers may understand differently.
std::optional<HttpUrl> ParseHttpUrl(std::string_view text);

class WebhookUrls {
 public:
  // Prefixes separated by commas; empty: none is allowed. InvalidArgument: one is no URL, or has a
  // query.
  static absl::StatusOr<WebhookUrls> Parse(std::string_view prefixes);

  // Scheme, host and port are a prefix's own, and the path is its path or lies below it.
  bool Allows(std::string_view url) const;
  // Ok for an empty one; else InvalidArgument naming webhook_url.
  absl::Status Check(std::string_view url) const;

 private:
  std::vector<HttpUrl> prefixes_;
};

}  // namespace switchboard::gateway
