// The asynchronous HTTP client of a process: libcurl on its loop (docs/adr/0008-webhooks.md).
//
//   Client client(io, {});
//   Request request{.method = "POST", .url = "https://shop.example/hooks", .body = json};
//   absl::StatusOr<Response> response = co_await client.Send(std::move(request), deadline);
//
// One client a process: its connections are kept alive and shared by all requests. HTTP/1.1 over
// http and https only; certificates are verified; proxies come from http_proxy, https_proxy and
// no_proxy as curl has them; no cookies, no compressed bodies. All members are called on the loop's
// thread, on which everything runs except the resolution of names (curl's own threads).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/asio.h"
#include "common/base/deadline.h"

namespace switchboard::http {

struct Response {
  int status = 0;
  // In order; names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  // Empty where Request::on_chunk took it.
  std::string body;

  // The first of that name (given in lower case); empty when there is none.
  std::string_view Header(std::string_view name) const;
};

struct Request {
  std::string method = "GET";
  // Absolute, http or https; sent as it is, dots in the path included.
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Of the response's body, streamed or not; one that is longer ends the request.
  size_t body_bytes_max = 1 << 20;
  // Redirects that are followed, with the same method, to http and https only. 0: the redirect is
  // the response.
  int redirects_max = 0;
  // Gets the body of a 2xx response piece by piece as it arrives, instead of Response::body; false
  // ends the request (Cancelled). `head` has status and headers. Runs on the loop: must neither
  // wait nor throw. Other statuses keep their body in Response::body.
  std::function<bool(const Response& head, std::string_view chunk)> on_chunk;
};

struct ClientOptions {
  // Open at once, in use or kept alive; requests beyond wait for one within their deadlines. A
  // process has 1,024 descriptors by default and needs most of them elsewhere.
  int connections_max = 64;
  // Of them to one host and port, so that one slow receiver cannot hold them all.
  int connections_per_host_max = 16;
  // In hand at once, those that wait for a connection included; more are refused.
  int requests_max = 1024;
  // For name, connection and TLS together.
  std::chrono::milliseconds connect_timeout{5000};
  // PEM file of the certificate authorities that are trusted; empty: the system's.
  std::string ca_file;
  std::string user_agent = "switchboard";
};

class Client {
 public:
  // Headers of a response beyond this end the request.
  static constexpr size_t kHeaderBytesMax = 64 * 1024;

  Client(asio::io_context& io, ClientOptions options);
  // Ends every request in hand with Cancelled.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status of HTTP is a Response. Errors say which part failed, never the URL's query:
  //   InvalidArgument     the URL, the method or a header cannot be sent
  //   Unavailable         no name, no connection, or it broke; the request may have arrived
  //   DeadlineExceeded    likewise
  //   FailedPrecondition  the certificate is not trusted; more redirects than allowed, or to
  //   another
  //                       scheme; the peer does not speak HTTP
  //   ResourceExhausted   the response is too large, or requests_max are in hand (with retry-after)
  //   Cancelled           on_chunk said so, the awaiting coroutine was cancelled, or the client
  //   ended
  // A request that ends early closes its connection. One that meets a kept connection which the
  // server has closed meanwhile is sent again on a new one, once nothing of an answer has come.
  Awaitable<absl::StatusOr<Response>> Send(Request request, Deadline deadline);

  // Requests in hand.
  int in_flight() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace switchboard::http
