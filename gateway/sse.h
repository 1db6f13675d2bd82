// Server-sent events (WHATWG HTML, section 9.2) over one HTTP/1.1 connection.
#pragma once

#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <string>

#include "common/base/asio.h"
#include "gateway/http_message.h"

namespace switchboard::gateway {

// The event's lines as they are sent, the empty one at the end included.
std::string FormatEvent(const ServerSentEvent& event);

struct EventStreamOptions {
  // A comment is sent after so much silence: proxies cut connections that look dead (commonly after
  // 30 to 60 s).
  std::chrono::milliseconds keep_alive{15000};
  // One write may take so long: a reader slower than this is gone.
  std::chrono::milliseconds write_limit{10000};
  // Bytes waiting for the reader; an answer is a few KiB.
  size_t pending_bytes_max = 1 << 20;
};

struct EventStreamResult {
  // Set: no event was sent, this is to be answered instead.
  std::optional<HttpResponse> instead;
  // The connection can take another request.
  bool reusable = false;
  // Events were sent.
  bool streamed = false;
};

// Runs head.stream and sends its events; `head`'s status and headers open the answer with the first
// event. Returns when the producer has ended, also when the client left before.
Awaitable<EventStreamResult> WriteEventStream(boost::beast::tcp_stream* stream, HttpResponse head,
                                              bool http_1_0, EventStreamOptions options);

}  // namespace switchboard::gateway
