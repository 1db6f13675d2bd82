#include "gateway/sse.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>

#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "gateway/goodbye.h"
#include "gateway/http_fields.h"

namespace switchboard::gateway {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

// What the producer, the writer and the watcher share. All on the loop's one thread.
struct Shared {
  explicit Shared(const asio::any_io_executor& executor) : wake(executor) {}
  std::string pending;
  bool done = false;
  bool gone = false;
  std::optional<HttpResponse> instead;
  Timer wake;
  asio::cancellation_signal cancel_producer;
};

// What a client gets when its producer fails with an exception. Cancelled: it is the one who left.
std::optional<HttpResponse> InsteadOf(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& failed) {
    if (failed.code() == asio::error::operation_aborted) return std::nullopt;
    log::Error("an event stream failed", {{"error", failed.what()}});
  } catch (const std::exception& failed) {
    log::Error("an event stream failed", {{"error", failed.what()}});
  }
  HttpResponse response;
  response.status = 500;
  response.content_type = "application/problem+json";
  response.body =
      R"({"type":"/docs/errors#internal","title":"Something went wrong on our side","status":500})";
  response.close = true;
  return response;
}

void StartProducer(const asio::any_io_executor& executor, const std::shared_ptr<Shared>& shared,
                   const HttpResponse::Producer& producer, size_t pending_bytes_max) {
  auto emit = [shared, pending_bytes_max](ServerSentEvent event) {
    if (shared->gone) return;
    shared->pending.append(FormatEvent(event));
    if (shared->pending.size() > pending_bytes_max) shared->gone = true;
    shared->wake.cancel();
  };
  asio::co_spawn(executor, producer(std::move(emit)),
                 asio::bind_cancellation_slot(
                     shared->cancel_producer.slot(),
                     [shared](std::exception_ptr error, std::optional<HttpResponse> instead) {
                       shared->done = true;
                       shared->instead = error ? InsteadOf(error) : std::move(instead);
                       // Ended without a word although somebody listens: the connection says it.
                       if (error && !shared->instead) shared->gone = true;
                       shared->wake.cancel();
                     }));
}

Awaitable<error_code> WriteHead(beast::tcp_stream* stream, const HttpResponse* head,
                                bool http_1_0) {
  http::response<http::empty_body> response;
  FillHead(*head, http_1_0 ? 10 : 11, &response);
  response.set(http::field::content_type, "text/event-stream; charset=utf-8");
  response.set(http::field::cache_control, "no-store");
  // nginx and its kin would hold the events back.
  response.set("X-Accel-Buffering", "no");
  if (head->close || http_1_0) response.keep_alive(false);
  if (!http_1_0) response.chunked(true);
  http::response_serializer<http::empty_body> serializer(response);
  error_code error;
  co_await http::async_write_header(*stream, serializer,
                                    asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

Awaitable<error_code> WriteChunk(beast::tcp_stream* stream, std::string text, bool http_1_0) {
  error_code error;
  if (http_1_0) {
    co_await asio::async_write(*stream, asio::buffer(text),
                               asio::redirect_error(asio::use_awaitable, error));
  } else {
    const auto chunk = http::make_chunk(asio::buffer(text));
    co_await asio::async_write(*stream, chunk, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return error;
}

prometheus::Gauge& OpenStreams() {
  static auto& gauge =
      metrics::Gauge("switchboard_gateway_sse_streams", "Server-sent event streams that are open");
  return gauge;
}

struct Counted {
  Counted() { OpenStreams().Increment(); }
  ~Counted() { OpenStreams().Decrement(); }
};

}  // namespace

std::string FormatEvent(const ServerSentEvent& event) {
  std::string out;
  if (!event.id.empty()) StrAppend(&out, "id: ", event.id, "\n");
  StrAppend(&out, "event: ", event.event, "\ndata: ", event.data, "\n\n");
  return out;
}

Awaitable<EventStreamResult> WriteEventStream(beast::tcp_stream* stream, HttpResponse head,
                                              bool http_1_0, EventStreamOptions options) {
  const Counted counted;
  const auto executor = stream->get_executor();
  const auto shared = std::make_shared<Shared>(executor);
  EventStreamResult result;
  error_code error;
  StartProducer(executor, shared, head.stream, options.pending_bytes_max);
  const GoodbyeWatch watch(stream->socket(), [shared] {
    if (shared->done) return;
    shared->gone = true;
    shared->wake.cancel();
  });

  while (!shared->gone) {
    if (shared->done && shared->instead && result.streamed) {
      shared->pending.append(FormatEvent({.event = "error", .data = shared->instead->body}));
      shared->instead.reset();
    }
    if (!shared->pending.empty()) {
      stream->expires_after(options.write_limit);
      if (!result.streamed) error = co_await WriteHead(stream, &head, http_1_0);
      result.streamed = true;
      std::string text = std::move(shared->pending);
      shared->pending.clear();
      if (!error) error = co_await WriteChunk(stream, std::move(text), http_1_0);
      if (error) shared->gone = true;
      continue;
    }
    if (shared->done) break;
    error_code woken;  // set: something happened; clear: the time passed in silence
    shared->wake.expires_after(options.keep_alive);
    co_await shared->wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!woken && shared->pending.empty() && !shared->done) shared->pending = ": keep-alive\n\n";
  }

  if (!shared->done) shared->cancel_producer.emit(asio::cancellation_type::all);
  while (!shared->done) {
    // Ends at the latest with the turn's deadline.
    shared->wake.expires_after(options.keep_alive);
    co_await shared->wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  if (shared->gone) co_return result;
  if (!result.streamed) {
    result.instead = std::move(shared->instead);
    result.reusable = true;
    co_return result;
  }
  if (!http_1_0) {
    stream->expires_after(options.write_limit);
    const auto last = http::make_chunk_last();
    co_await asio::async_write(*stream, last, asio::redirect_error(asio::use_awaitable, error));
    result.reusable = !error;
  }
  co_return result;
}

}  // namespace switchboard::gateway
