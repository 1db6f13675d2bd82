// One HTTP request and its answer, between the connection (http_server) and the API (http_api).
#pragma once

#include <boost/beast/http/fields.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/asio.h"

namespace switchboard::gateway {

struct HttpRequest {
  std::string method;  // as sent: "GET"
  // Path and query as sent, still percent-encoded.
  std::string target;
  boost::beast::http::fields headers;
  std::string body;
};

// One event of a text/event-stream answer.
struct ServerSentEvent {
  std::string event;
  std::string id;
  std::string data;  // one line
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // The connection ends after this answer.
  bool close = false;

  // Set: the answer is an event stream. The producer runs while the connection lives, hands its
  // events to `emit` in order, and ends with nothing, or with the response to give instead of a
  // stream; had the stream begun, that response's body becomes the event `error`. It is cancelled
  // when the client leaves.
  using Emit = std::function<void(ServerSentEvent)>;
  using Producer = std::function<Awaitable<std::optional<HttpResponse>>(Emit)>;
  Producer stream;
};

}  // namespace switchboard::gateway
