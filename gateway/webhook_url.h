// Which addresses the gateway may tell of a turn's outcome: those below the operator's
// WEBHOOK_URLS.
//
// A caller names the address, the gateway's network reaches it: unchecked, that lets anybody send
// requests into the company's network. An address is therefore compared part by part (scheme, host,
// port, path), and whatever two parsers might read differently is refused rather than understood.
//
//   ASSIGN_OR_RETURN(WebhookUrls allowed, WebhookUrls::Parse("https://shop.example/hooks"));
//   allowed.Check("https://shop.example/hooks/turns?shop=7");  // ok
//   allowed.Check("https://shop.example/hooks-of-others");     // InvalidArgument
//
// Immutable; may be copied. A host name's addresses are not looked at: whoever may set the DNS of
// an allowed host is trusted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace switchboard::gateway {

class WebhookUrls {
 public:
  // As the contract's field rule has it (proto/switchboard/v1).
  static constexpr size_t kUrlBytesMax = 2048;

  // Allows nothing.
  WebhookUrls() = default;

  // Prefixes, comma separated; an empty list allows nothing. InvalidArgument quotes the first that
  // is no http or https URL, or has a query.
  static absl::StatusOr<WebhookUrls> Parse(std::string_view list);

  // Ok when `url` has the scheme, host and port of a prefix and a path that is the prefix's or lies
  // below it ("/hooks" covers "/hooks" and "/hooks/7", not "/hooks7"); its query is free. Else
  // InvalidArgument naming `webhook_url` and the remedy. Refused wherever they point: user
  // information, fragments, "." and ".." segments also when encoded, encoded slashes, backslashes,
  // white space, control and non-ASCII characters, more than kUrlBytesMax bytes.
  absl::Status Check(std::string_view url) const;

  // No webhook is allowed.
  bool empty() const { return prefixes_.empty(); }

 private:
  struct Url {
    std::string scheme;  // lower case
    std::string host;    // lower case; an IPv6 address in its brackets
    int port = 0;        // the scheme's when not written
    std::string path;    // begins with '/'
    bool has_query = false;
  };

  // The text says what is wrong with the URL: "has user information".
  static absl::StatusOr<Url> ParseUrl(std::string_view text);
  static bool Covers(const Url& prefix, const Url& url);

  std::vector<Url> prefixes_;
};

}  // namespace switchboard::gateway
