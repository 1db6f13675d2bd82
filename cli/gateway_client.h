// Requests to the gateway over HTTP/1.1, one at a time; the caller blocks.
//
//   ASSIGN_OR_RETURN(GatewayUrl url, ParseGatewayUrl("http://127.0.0.1:8080"));
//   ASSIGN_OR_RETURN(GatewayReply reply, CallGateway(url, {.method = "GET", .target = "/readyz"}));
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace switchboard::cli {

struct GatewayUrl {
  std::string host;
  std::string port;
  // Without a slash at its end.
  std::string path;
};

// A usage error when `url` is not http://host[:port][/path].
absl::StatusOr<GatewayUrl> ParseGatewayUrl(std::string_view url);

struct GatewayRequest {
  std::string method = "GET";
  // Begins with a slash; query percent-encoded.
  std::string target;
  // JSON; empty: no body.
  std::string body = "";
  // Text of an event stream as it arrives. Other answers are collected in GatewayReply::body.
  std::function<void(std::string_view)> on_events = nullptr;
  std::chrono::seconds timeout{60};
};

struct GatewayReply {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

// Unavailable: no connection, saying where and what to do. DeadlineExceeded. Else the reply,
// whatever its status.
absl::StatusOr<GatewayReply> CallGateway(const GatewayUrl& url, GatewayRequest request);

// Ok for 2xx; else what the problem details (RFC 9457) say, with field and remedy.
absl::Status ToStatus(const GatewayReply& reply);

std::string PercentEncode(std::string_view text);

}  // namespace switchboard::cli
