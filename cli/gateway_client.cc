#include "cli/gateway_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "cli/failure.h"
#include "common/base/asio.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kConnectWithin{3};
// An answer is a few KiB; a page of a conversation at most some MiB.
constexpr size_t kBodyBytesMax = size_t{64} << 20;

absl::Status CannotReach(const GatewayUrl& url, const error_code& error) {
  return WithRemedy(
      absl::UnavailableError(StrCat("cannot reach the gateway at http://", url.host, ":", url.port,
                                    " (", error.message(), ")")),
      "is the mesh up? run make up, or name its address with --gateway-url or GATEWAY_URL");
}

absl::Status Broken(const error_code& error) {
  if (error == beast::error::timeout) {
    return WithRemedy(absl::DeadlineExceededError("the gateway did not answer in time"),
                      "see switchboard agents and the gateway's log");
  }
  return absl::UnavailableError(StrCat("the gateway's answer broke off (", error.message(), ")"));
}

http::request<http::string_body> ToHttp(const GatewayUrl& url, const GatewayRequest& request) {
  http::request<http::string_body> out;
  out.version(11);
  out.method_string(request.method);
  out.target(StrCat(url.path, request.target));
  out.set(http::field::host, StrCat(url.host, ":", url.port));
  out.set(http::field::user_agent, "switchboard-cli");
  out.set(http::field::accept,
          request.on_events ? "text/event-stream, application/json" : "application/json");
  out.keep_alive(false);
  if (!request.body.empty()) {
    out.set(http::field::content_type, "application/json");
    out.body() = request.body;
  }
  out.prepare_payload();
  return out;
}

// Reads the body piece by piece, so that events are shown as they come.
Awaitable<error_code> ReadBody(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                               http::response_parser<http::buffer_body>& parser,
                               const GatewayRequest& request, GatewayReply& reply) {
  const bool events = request.on_events && reply.content_type.rfind("text/event-stream", 0) == 0;
  std::array<char, 16384> piece;
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    error_code error;
    stream.expires_after(request.timeout);
    co_await http::async_read_some(stream, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, error));
    if (error == http::error::need_buffer) error = {};
    if (error) co_return error;
    const std::string_view text(piece.data(), piece.size() - parser.get().body().size);
    if (events) {
      request.on_events(text);
    } else {
      reply.body.append(text);
    }
  }
  co_return error_code();
}

Awaitable<absl::StatusOr<GatewayReply>> Exchange(const GatewayUrl* url,
                                                 const GatewayRequest* request) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  error_code error;
  tcp::resolver resolver(executor);
  const tcp::resolver::results_type addresses = co_await resolver.async_resolve(
      url->host, url->port, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return CannotReach(*url, error);
  beast::tcp_stream stream(executor);
  stream.expires_after(kConnectWithin);
  co_await stream.async_connect(addresses, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return CannotReach(*url, error);
  const http::request<http::string_body> message = ToHttp(*url, *request);
  stream.expires_after(request->timeout);
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Broken(error);
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(kBodyBytesMax);
  co_await http::async_read_header(stream, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Broken(error);
  GatewayReply reply;
  reply.status = parser.get().result_int();
  reply.content_type = std::string(parser.get()[http::field::content_type]);
  error = co_await ReadBody(stream, buffer, parser, *request, reply);
  if (error) co_return Broken(error);
  co_return reply;
}

}  // namespace

absl::StatusOr<GatewayUrl> ParseGatewayUrl(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const auto refuse = [&] {
    return UsageError(StrCat("\"", url, "\" is no address of a gateway: write http://host:port"));
  };
  if (url.substr(0, kScheme.size()) != kScheme) return refuse();
  std::string_view rest = url.substr(kScheme.size());
  GatewayUrl parsed;
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    parsed.path = std::string(rest.substr(slash));
    while (!parsed.path.empty() && parsed.path.back() == '/') parsed.path.pop_back();
    rest = rest.substr(0, slash);
  }
  const size_t colon = rest.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
  std::string_view host = rest.substr(0, has_port ? colon : std::string_view::npos);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  int port = 80;
  if (has_port && (!SimpleAtoi(rest.substr(colon + 1), &port) || port < 1 || port > 65535)) {
    return refuse();
  }
  if (host.empty() || host.find_first_of("@ ?#") != std::string_view::npos) return refuse();
  parsed.host = std::string(host);
  parsed.port = StrCat(port);
  return parsed;
}

absl::StatusOr<GatewayReply> CallGateway(const GatewayUrl& url, GatewayRequest request) {
  asio::io_context io;
  absl::StatusOr<GatewayReply> result = absl::InternalError("the request ended early");
  asio::co_spawn(io, Exchange(&url, &request),
                 [&](std::exception_ptr error, absl::StatusOr<GatewayReply> reply) {
                   if (!error) result = std::move(reply);
                 });
  io.run();
  return result;
}

absl::Status ToStatus(const GatewayReply& reply) {
  if (reply.status >= 200 && reply.status < 300) return absl::OkStatus();
  const auto problem = nlohmann::json::parse(reply.body, nullptr, false);
  const auto text = [&](const char* member) {
    if (!problem.is_object()) return std::string();
    const auto found = problem.find(member);
    return found != problem.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  std::string what = StrCat("the gateway refused (", reply.status, ")");
  if (!text("title").empty()) StrAppend(&what, ": ", text("title"));
  if (!text("detail").empty()) StrAppend(&what, ": ", text("detail"));
  if (!text("field").empty()) StrAppend(&what, " [field ", text("field"), "]");
  if (!text("trace_id").empty() && reply.status >= 500) {
    StrAppend(&what, " [trace ", text("trace_id"), "]");
  }
  return WithRemedy(WithField(absl::FailedPreconditionError(what), text("field")), text("remedy"));
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
        c == '~') {
      out.push_back(c);
    } else {
      out += absl::StrFormat("%%%02X", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace switchboard::cli
