// gateway: bytes of a connection to the answers. They go through Beast's parser with the server's
// limits, the routes and codecs of HttpApi, and a fake of the operations behind it; the answer goes
// through Beast's serializer and must be read back by its parser as it was meant.
//
// Two headers steer the fake: Fuzz-Status (the code turns end with), Fuzz-Events (how many come
// before).
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "common/observability/trace.h"
#include "gateway/fake_operations.h"
#include "gateway/http_api.h"
#include "gateway/http_fields.h"
#include "gateway/http_server.h"
#include "gateway/json_codec.h"
#include "gateway/sse.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard::gateway {
namespace {

namespace http = boost::beast::http;
using nlohmann::json;

// As MeshOperations: what is no JSON object never reaches an agent, and there is a summary.
class Operations : public FakeOperations {
 public:
  Awaitable<absl::StatusOr<std::string>> CallAgent(CallContext, std::string agent, std::string verb,
                                                   std::string text) override {
    if (text.empty()) text = "{}";
    CO_RETURN_IF_ERROR(ParseJsonObject(text).status());
    co_return json({{"agent", agent}, {"verb", verb}}).dump();
  }
  Awaitable<absl::StatusOr<v1::SummaryReply>> AnalyticsSummary(
      CallContext, v1::SummaryRequest request) override {
    v1::SummaryReply reply;
    if (request.has_from()) *reply.mutable_from() = request.from();
    if (request.has_to()) *reply.mutable_to() = request.to();
    co_return reply;
  }
};

struct Gateway {
  asio::io_context io;
  Operations operations;
  HttpApi api{&operations, {.version = "0.1.0"}, [](bool* ready) {
                *ready = true;
                return std::string(R"({"status":"ready"})");
              }};
};

bool IsOneLine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void DemandSoundBody(const HttpResponse& response) {
  FUZZ_DEMAND(IsValidUtf8(response.body));
  if (response.content_type.find("json") == std::string::npos) return;
  const json body = json::parse(response.body, nullptr, false);
  FUZZ_DEMAND(body.is_object());
  if (response.content_type != "application/problem+json") return;
  for (const char* member : {"type", "title", "detail", "remedy", "trace_id"}) {
    FUZZ_DEMAND(body.contains(member) && body[member].is_string());
  }
  FUZZ_DEMAND(body["status"] == response.status && response.status >= 400);
  FUZZ_DEMAND(!body["trace_id"].empty());
}

// Nothing that a client sent may end a header or begin a second answer.
void DemandReadable(const HttpResponse& response) {
  http::response<http::string_body> message;
  FillHead(response, 11, &message);
  if (!response.content_type.empty()) {
    message.set(http::field::content_type, response.content_type);
  }
  message.body() = response.body;
  message.prepare_payload();
  std::ostringstream wire;
  wire << message;
  const std::string bytes = wire.str();
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  parser.header_limit(1 << 20);
  parser.eager(true);
  boost::system::error_code error;
  const size_t used = parser.put(asio::buffer(bytes), error);
  FUZZ_DEMAND(!error && parser.is_done() && used == bytes.size());
  FUZZ_DEMAND(parser.get().result_int() == response.status);
  FUZZ_DEMAND(parser.get().body() == response.body);
  for (const auto& [name, value] : response.headers) {
    FUZZ_DEMAND(IsOneLine(name) && IsOneLine(value));
    FUZZ_DEMAND(parser.get().find(name) != parser.get().end());
  }
}

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

void DemandSoundStream(Gateway& gateway, const HttpResponse& response) {
  int finals = 0;
  HttpResponse::Emit emit = [&finals](ServerSentEvent event) {
    FUZZ_DEMAND(IsOneLine(event.id) && IsOneLine(event.event) && IsOneLine(event.data));
    FUZZ_DEMAND(!event.id.empty() && json::parse(event.data, nullptr, false).is_object());
    FUZZ_DEMAND(FormatEvent(event).ends_with("\n\n"));
    finals += event.event == "final" ? 1 : 0;
  };
  const std::optional<HttpResponse> instead =
      fuzz::RunNow(gateway.io, response.stream(std::move(emit)));
  FUZZ_DEMAND(instead.has_value() == (finals == 0) && finals <= 1);
  if (!instead) return;
  DemandSoundBody(*instead);
  DemandReadable(*instead);
}

void Answer(Gateway& gateway, HttpRequest request) {
  int code = 0;
  int events = 0;
  (void)SimpleAtoi(std::string_view(request.headers["Fuzz-Status"]), &code);
  (void)SimpleAtoi(std::string_view(request.headers["Fuzz-Events"]), &events);
  gateway.operations.events = std::clamp(events, 0, 8);
  // Internal and Unknown would be logged, once an input.
  const bool plain = code == 0 || code == 2 || code == 13 || code < 0 || code > 16;
  gateway.operations.turn_status =
      plain ? absl::OkStatus()
            : WithRetryAfterMs(absl::Status(static_cast<absl::StatusCode>(code), "as asked"), code);
  const HttpResponse response = fuzz::RunNow(gateway.io, gateway.api.Handle(std::move(request)));
  FUZZ_DEMAND(response.status >= 200 && response.status < 600 && response.status != 500);
  FUZZ_DEMAND(trace::Parse(HeaderOf(response, "traceparent")).has_value());
  FUZZ_DEMAND(!HeaderOf(response, "X-Request-Id").empty());
  DemandSoundBody(response);
  DemandReadable(response);
  if (response.stream) DemandSoundStream(gateway, response);
}

}  // namespace
}  // namespace switchboard::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace switchboard::gateway;  // NOLINT: libFuzzer calls a C function
  static auto& gateway = *new Gateway;
  const HttpServerOptions limits;
  boost::asio::const_buffer rest(data, size);
  // Pipelined requests are answered one after the other.
  for (int requests = 0; requests < 4 && rest.size() > 0; ++requests) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser.body_limit(limits.body_bytes_max);
    parser.eager(true);
    boost::system::error_code error;
    for (size_t used = 1; used > 0 && rest.size() > 0 && !parser.is_done() && !error;) {
      used = parser.put(rest, error);
      rest += used;
    }
    if (error || !parser.is_done()) return 0;
    auto message = parser.release();
    HttpRequest request;
    request.method = message.method_string();
    request.target = message.target();
    request.body = std::move(message.body());
    request.headers = std::move(message);
    Answer(gateway, std::move(request));
  }
  return 0;
}
