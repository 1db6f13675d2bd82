#include "gateway/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <ctime>
#include <set>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "gateway/goodbye.h"
#include "gateway/handshakes.h"
#include "gateway/http_fields.h"
#include "gateway/problem.h"

namespace switchboard::gateway {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kWriteLimit{10000};
// A client in the middle of sending reads the refusal only when it is not answered with a reset: so
// much of what it still sends is read and thrown away.
constexpr std::chrono::milliseconds kLingerLimit{2000};
constexpr size_t kLingerBytesMax = 8 * 1024 * 1024;
// Round trips to clients are shorter; theirs that take longer are cut off.
constexpr std::chrono::milliseconds kHandshakeLimit{100};
// A connection that is new when the door closes may have its request under way.
constexpr std::chrono::milliseconds kFirstRequestLimit{500};

prometheus::Gauge& OpenConnections() {
  static auto& gauge =
      metrics::Gauge("switchboard_gateway_http_connections", "HTTP connections that are open");
  return gauge;
}

class Connection;

}  // namespace

const std::string& HttpDate() {
  static std::time_t written = 0;
  static std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != written) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    char buffer[64];
    text.assign(buffer, std::strftime(buffer, sizeof(buffer), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    written = now;
  }
  return text;
}

struct HttpServer::State {
  State(asio::io_context& io, HttpServerOptions options, Handler handler, ErrorPage error_page)
      : io(io),
        acceptor(io),
        ended(io),
        options(std::move(options)),
        handler(std::move(handler)),
        error_page(std::move(error_page)) {}

  asio::io_context& io;
  tcp::acceptor acceptor;
  Timer ended;  // cancelled when a connection ends
  const HttpServerOptions options;
  const Handler handler;
  const ErrorPage error_page;
  bool leaving = false;   // each answer is its connection's last
  bool draining = false;  // no new connections either
  std::set<Connection*> connections;
};

namespace {

void LogException(std::exception_ptr exception) {
  if (!exception) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    log::Error("an HTTP connection ended with an exception", {{"error", error.what()}});
  }
}

// One client. Lives in its own coroutine, Serve.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<HttpServer::State> server, tcp::socket socket);
  ~Connection();

  static Awaitable<void> Serve(std::shared_ptr<Connection> self);
  void Close() { stream_.close(); }
  // Closes what waits for another request; a first one gets kFirstRequestLimit to arrive.
  void CloseIdle();

 private:
  using Parser = http::request_parser<http::string_body>;

  // Ends the reading in hand after `limit`; late_ then tells why. Beast's own limit would close the
  // socket, and with it the way back for a 408.
  void LimitReading(std::chrono::milliseconds limit);
  void EndLimit() { ++limits_; }
  Awaitable<bool> WaitForRequest();
  Awaitable<bool> ReadRequest(Parser* parser);
  // False: the connection ends.
  Awaitable<bool> Answer(HttpRequest request, unsigned version, bool keep_alive);
  // Nothing: the client has left, and the handler was told.
  Awaitable<std::optional<HttpResponse>> Handle(HttpRequest request);
  Awaitable<bool> Write(HttpResponse response, unsigned version, bool keep_alive, bool head);
  Awaitable<void> Refuse(absl::Status error);
  Awaitable<void> Linger();

  const std::shared_ptr<HttpServer::State> server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  Timer limit_;
  uint64_t limits_ = 0;  // counts limits begun and ended: an old one's timer does nothing
  bool late_ = false;
  bool idle_ = false;    // waits for a request of which nothing has come
  bool served_ = false;  // has answered one
};

absl::Status TooLarge(size_t bytes_max) {
  return OfKind(InvalidField("body", StrCat("is larger than ", bytes_max, " bytes"),
                             StrCat("send at most ", bytes_max, " bytes")),
                "payload-too-large");
}

// What could not be read, in the client's terms. Ok: the client left, there is nobody to tell.
absl::Status ReadFailure(error_code error, bool late, const HttpServerOptions& options) {
  if (error == http::error::body_limit) return TooLarge(options.body_bytes_max);
  if (error == http::error::header_limit) {
    return OfKind(absl::InvalidArgumentError(
                      StrCat("the headers are larger than ", options.header_bytes_max, " bytes")),
                  "headers-too-large");
  }
  if (late) {
    return OfKind(absl::DeadlineExceededError("the request did not arrive in time"),
                  "request-timeout");
  }
  const bool left = error == http::error::end_of_stream || error == http::error::partial_message ||
                    error.category() != http::make_error_code(http::error::bad_method).category();
  if (left) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("this is not HTTP/1.1: ", error.message()));
}

Connection::Connection(std::shared_ptr<HttpServer::State> server, tcp::socket socket)
    : server_(std::move(server)), stream_(std::move(socket)), limit_(server_->io) {
  server_->connections.insert(this);
  OpenConnections().Set(static_cast<double>(server_->connections.size()));
}

Connection::~Connection() {
  server_->connections.erase(this);
  OpenConnections().Set(static_cast<double>(server_->connections.size()));
  server_->ended.cancel();
}

Awaitable<void> Connection::Serve(std::shared_ptr<Connection> self) {
  for (bool going = true; going;) {
    if (!co_await self->WaitForRequest()) break;
    Parser parser;
    if (!co_await self->ReadRequest(&parser)) break;
    auto message = parser.release();
    HttpRequest request;
    request.method = message.method_string();
    request.target = message.target();
    request.body = std::move(message.body());
    const bool keep_alive = message.keep_alive();
    const unsigned version = message.version();
    request.headers = std::move(message);
    going = co_await self->Answer(std::move(request), version, keep_alive);
    self->served_ = true;
  }
  error_code ignored;
  self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  self->stream_.close();
}

void Connection::LimitReading(std::chrono::milliseconds limit) {
  late_ = false;
  const uint64_t number = ++limits_;
  limit_.expires_after(limit);
  limit_.async_wait([weak = weak_from_this(), number](error_code error) {
    const auto self = weak.lock();
    if (error || self == nullptr || self->limits_ != number) return;
    self->late_ = true;
    self->stream_.cancel();
  });
}

void Connection::CloseIdle() {
  if (!idle_) return;
  error_code error;
  if (served_ && stream_.socket().available(error) == 0) return Close();
  LimitReading(kFirstRequestLimit);
}

// True when there are bytes of a request.
Awaitable<bool> Connection::WaitForRequest() {
  if (buffer_.size() > 0) co_return true;  // pipelined
  if (server_->draining && served_) co_return false;
  idle_ = true;
  stream_.expires_after(server_->draining ? kFirstRequestLimit : server_->options.idle_limit);
  error_code error;
  const size_t size = co_await stream_.async_read_some(
      buffer_.prepare(4096), asio::redirect_error(asio::use_awaitable, error));
  idle_ = false;
  buffer_.commit(size);
  co_return !error;
}

Awaitable<bool> Connection::ReadRequest(Parser* parser) {
  const HttpServerOptions& options = server_->options;
  parser->header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
  parser->body_limit(options.body_bytes_max);
  error_code error;
  stream_.expires_never();
  LimitReading(options.header_limit);
  co_await http::async_read_header(stream_, buffer_, *parser,
                                   asio::redirect_error(asio::use_awaitable, error));
  if (!error && !parser->is_done()) {
    const auto length = parser->content_length();
    if (length && *length > options.body_bytes_max) {
      co_await Refuse(TooLarge(options.body_bytes_max));
      co_return false;
    }
    if (beast::iequals(parser->get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on(http::status::continue_, 11);
      co_await http::async_write(stream_, go_on, asio::redirect_error(asio::use_awaitable, error));
    }
    LimitReading(options.body_limit);
    if (!error) {
      co_await http::async_read(stream_, buffer_, *parser,
                                asio::redirect_error(asio::use_awaitable, error));
    }
  }
  EndLimit();
  if (!error) co_return true;
  absl::Status failure = ReadFailure(error, late_, options);
  if (!failure.ok()) co_await Refuse(std::move(failure));
  co_return false;
}

Awaitable<bool> Connection::Answer(HttpRequest request, unsigned version, bool keep_alive) {
  const bool head = request.method == "HEAD";
  stream_.expires_never();
  std::optional<HttpResponse> handled = co_await Handle(std::move(request));
  if (!handled) co_return false;
  HttpResponse response = *std::move(handled);
  if (response.stream) {
    response.close = server_->leaving;
    EventStreamResult result =
        co_await WriteEventStream(&stream_, response, version < 11, server_->options.events);
    if (!result.instead) co_return result.reusable&& keep_alive && !response.close;
    // The trace and the request's id belong to this answer too.
    result.instead->headers.insert(result.instead->headers.end(), response.headers.begin(),
                                   response.headers.end());
    response = *std::move(result.instead);
  }
  const bool stay = keep_alive && !response.close && !server_->leaving;
  co_return co_await Write(std::move(response), version, stay, head);
}

Awaitable<std::optional<HttpResponse>> Connection::Handle(HttpRequest request) {
  struct Handling {
    explicit Handling(asio::io_context& io) : changed(io, Clock::time_point::max()) {}
    std::optional<HttpResponse> response;
    bool ended = false;
    bool left = false;
    Timer changed;
    asio::cancellation_signal stop_handler;
  };
  const auto handling = std::make_shared<Handling>(server_->io);
  asio::co_spawn(
      server_->io, server_->handler(std::move(request)),
      asio::bind_cancellation_slot(handling->stop_handler.slot(),
                                   [handling](std::exception_ptr exception, HttpResponse response) {
                                     if (!handling->left) LogException(exception);
                                     if (!exception) handling->response = std::move(response);
                                     handling->ended = true;
                                     handling->changed.cancel();
                                   }));
  const GoodbyeWatch watch(stream_.socket(), [handling] {
    handling->left = true;
    handling->changed.cancel();
  });
  error_code ignored;
  while (!handling->ended && !handling->left) {
    co_await handling->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (handling->ended) co_return std::move(handling->response);
  handling->stop_handler.emit(asio::cancellation_type::all);
  // Ends at the latest with the request's deadline.
  while (!handling->ended) {
    co_await handling->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return std::nullopt;
}

Awaitable<bool> Connection::Write(HttpResponse response, unsigned version, bool keep_alive,
                                  bool head) {
  http::response<http::string_body> message;
  FillHead(response, version, &message);
  if (!response.content_type.empty()) {
    message.set(http::field::content_type, response.content_type);
  }
  message.keep_alive(keep_alive);
  if (response.status != 204) message.content_length(response.body.size());
  if (!head) message.body() = std::move(response.body);
  stream_.expires_after(kWriteLimit);
  error_code error;
  co_await http::async_write(stream_, message, asio::redirect_error(asio::use_awaitable, error));
  co_return !error && keep_alive;
}

Awaitable<void> Connection::Refuse(absl::Status error) {
  HttpResponse response = server_->error_page(std::move(error));
  co_await Write(std::move(response), 11, false, false);
  co_await Linger();
}

Awaitable<void> Connection::Linger() {
  error_code error;
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  stream_.expires_after(kLingerLimit);
  for (size_t read = 0; !error && read < kLingerBytesMax;) {
    buffer_.clear();
    read += co_await stream_.async_read_some(buffer_.prepare(64 * 1024),
                                             asio::redirect_error(asio::use_awaitable, error));
  }
}

Awaitable<void> TurnAway(std::shared_ptr<HttpServer::State> state, tcp::socket socket) {
  HttpResponse page = state->error_page(WithRetryAfterMs(
      absl::UnavailableError("the gateway has as many connections as it takes"), 1000));
  http::response<http::string_body> message;
  FillHead(page, 11, &message);
  message.set(http::field::content_type, page.content_type);
  message.keep_alive(false);
  message.body() = std::move(page.body);
  message.prepare_payload();
  beast::tcp_stream stream(std::move(socket));
  stream.expires_after(std::chrono::milliseconds(500));
  error_code ignored;
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, ignored));
  stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
}

void Welcome(const std::shared_ptr<HttpServer::State>& state, tcp::socket socket) {
  auto connection = std::make_shared<Connection>(state, std::move(socket));
  asio::co_spawn(state->io, Connection::Serve(std::move(connection)), LogException);
}

Awaitable<void> Accept(std::shared_ptr<HttpServer::State> state) {
  while (state->acceptor.is_open()) {
    error_code error;
    tcp::socket socket =
        co_await state->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error && !state->acceptor.is_open()) break;  // without an error: it came in just before
    if (error) {
      // Out of descriptors or a client that left already: a short rest, then on.
      log::Warning("cannot accept a connection", {{"error", error.message()}});
      Timer rest(state->io, std::chrono::milliseconds(100));
      co_await rest.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    socket.set_option(tcp::no_delay(true), error);
    if (state->connections.size() >= static_cast<size_t>(state->options.connections_max)) {
      asio::co_spawn(state->io, TurnAway(state, std::move(socket)), asio::detached);
      continue;
    }
    Welcome(state, std::move(socket));
  }
}

// Whose handshake was under way when handshakes were stopped comes in first.
Awaitable<void> CloseDoor(std::shared_ptr<HttpServer::State> state) {
  Timer last_steps(state->io, kHandshakeLimit);
  error_code error;
  co_await last_steps.async_wait(asio::redirect_error(asio::use_awaitable, error));
  state->acceptor.close(error);
  state->ended.cancel();
}

}  // namespace

HttpServer::HttpServer(asio::io_context& io, HttpServerOptions options, Handler handler,
                       ErrorPage error_page)
    : state_(std::make_shared<State>(io, std::move(options), std::move(handler),
                                     std::move(error_page))) {}

HttpServer::~HttpServer() {
  state_->leaving = state_->draining = true;
  error_code ignored;
  state_->acceptor.close(ignored);
  // Their coroutines end with the loop, or at their next step.
  const std::set<Connection*> open = state_->connections;
  for (Connection* connection : open) connection->Close();
}

absl::Status HttpServer::Listen() {
  const HttpServerOptions& options = state_->options;
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  const tcp::endpoint endpoint(address, static_cast<unsigned short>(options.port));
  if (!error) state_->acceptor.open(endpoint.protocol(), error);
  if (!error) state_->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state_->acceptor.bind(endpoint, error);
  if (!error) state_->acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(
        StrCat("cannot listen on ", options.address, ":", options.port, ": ", error.message()));
  }
  asio::co_spawn(state_->io, Accept(state_), LogException);
  return absl::OkStatus();
}

int HttpServer::port() const {
  error_code error;
  const auto endpoint = state_->acceptor.local_endpoint(error);
  return error ? 0 : endpoint.port();
}

int HttpServer::connections() const { return static_cast<int>(state_->connections.size()); }

void HttpServer::Leave() { state_->leaving = true; }

void HttpServer::Drain() {
  if (state_->draining) return;
  state_->leaving = state_->draining = true;
  if (state_->acceptor.is_open()) {
    StopHandshakes(state_->acceptor.native_handle());
    asio::co_spawn(state_->io, CloseDoor(state_), LogException);
  }
  const std::set<Connection*> open = state_->connections;
  for (Connection* connection : open) connection->CloseIdle();
}

Awaitable<void> HttpServer::Join(Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  while ((state->acceptor.is_open() || !state->connections.empty()) && !deadline.expired()) {
    state->ended.expires_at(deadline.at());
    error_code ignored;
    co_await state->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  const std::set<Connection*> left = state->connections;
  for (Connection* connection : left) connection->Close();
}

}  // namespace switchboard::gateway
