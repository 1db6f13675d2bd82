#include "common/http/probe_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "common/base/strings.h"

namespace switchboard::http {

namespace beast = boost::beast;
using asio::ip::tcp;

struct ProbeServer::State {
  State(asio::io_context& context, Handler on_request)
      : io(context), acceptor(context), handler(std::move(on_request)) {}
  asio::io_context& io;
  tcp::acceptor acceptor;
  Handler handler;
  int connections = 0;
  bool stopped = false;
};

namespace {

beast::http::response<beast::http::string_body> Answer(
    const ProbeServer::Handler& handler,
    const beast::http::request<beast::http::empty_body>& request) {
  ProbeReply reply;
  if (request.method() == beast::http::verb::get || request.method() == beast::http::verb::head) {
    const std::string_view target(request.target().data(), request.target().size());
    reply = handler(target.substr(0, target.find('?')));
  } else {
    reply = {405, "text/plain; charset=utf-8", "GET only\n"};
  }
  beast::http::response<beast::http::string_body> response;
  response.result(static_cast<unsigned>(reply.status));
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.set(beast::http::field::content_type, reply.content_type);
  response.set(beast::http::field::cache_control, "no-store");
  response.body() = std::move(reply.body);
  response.prepare_payload();
  if (request.method() == beast::http::verb::head) response.body().clear();
  return response;
}

// Templates, because State is private to the class and deduction may name it.
template <typename State>
Awaitable<void> ServeConnection(std::shared_ptr<State> state, beast::tcp_stream stream) {
  beast::flat_buffer buffer(16 * 1024);
  boost::system::error_code error;
  while (!error && !state->stopped) {
    beast::http::request<beast::http::empty_body> request;
    stream.expires_after(ProbeServer::kIdleLimit);
    co_await beast::http::async_read(stream, buffer, request,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    auto response = Answer(state->handler, request);
    const bool keep_alive = response.keep_alive();
    co_await beast::http::async_write(stream, response,
                                      asio::redirect_error(asio::use_awaitable, error));
    if (!keep_alive) break;
  }
  --state->connections;
}

template <typename State>
Awaitable<void> Accept(std::shared_ptr<State> state) {
  while (!state->stopped) {
    boost::system::error_code error;
    tcp::socket socket =
        co_await state->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors, as a rule: trying at once would take the whole loop
      Timer rest(state->io, std::chrono::milliseconds(100));
      co_await rest.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (state->connections >= ProbeServer::kConnectionsMax) continue;  // closes the socket
    ++state->connections;
    asio::co_spawn(state->io, ServeConnection(state, beast::tcp_stream(std::move(socket))),
                   asio::detached);
  }
}

}  // namespace

ProbeServer::ProbeServer(asio::io_context& io, Handler handler)
    : state_(std::make_shared<State>(io, std::move(handler))) {}

ProbeServer::~ProbeServer() { Stop(); }

absl::Status ProbeServer::Listen(const std::string& address, int port) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return absl::InvalidArgumentError(StrCat(address, " is not an IP address"));
  const tcp::endpoint endpoint(ip, static_cast<asio::ip::port_type>(port));
  tcp::acceptor& acceptor = state_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(
        StrCat("cannot listen on ", address, ":", port, ": ", error.message()));
  }
  port_ = acceptor.local_endpoint().port();
  asio::co_spawn(state_->io, Accept(state_), asio::detached);
  return absl::OkStatus();
}

void ProbeServer::Stop() {
  state_->stopped = true;
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
}

absl::StatusOr<std::string> ProbeGet(const std::string& address, int port, const std::string& path,
                                     std::chrono::milliseconds timeout) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::flat_buffer buffer;
  beast::http::response<beast::http::string_body> response;
  boost::system::error_code result = asio::error::timed_out;
  beast::http::request<beast::http::empty_body> request{beast::http::verb::get, path, 11};
  request.set(beast::http::field::host, address);
  request.keep_alive(false);
  const auto ip = asio::ip::make_address(address, result);
  if (result) return absl::InvalidArgumentError(StrCat(address, " is not an IP address"));
  stream.expires_after(timeout);
  stream.async_connect(
      tcp::endpoint(ip, static_cast<asio::ip::port_type>(port)),
      [&](boost::system::error_code error) {
        result = error;
        if (error) return;
        beast::http::async_write(stream, request, [&](boost::system::error_code error, size_t) {
          result = error;
          if (error) return;
          beast::http::async_read(stream, buffer, response,
                                  [&](boost::system::error_code error, size_t) { result = error; });
        });
      });
  io.run();
  if (result) return absl::UnavailableError(result.message());
  if (response.result_int() != 200) {
    return absl::FailedPreconditionError(StrCat(response.result_int(), " ", response.body()));
  }
  return std::move(response.body());
}

}  // namespace switchboard::http
