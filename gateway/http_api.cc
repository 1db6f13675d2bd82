#include "gateway/http_api.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <exception>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "gateway/http_call.h"
#include "gateway/json_codec.h"
#include "gateway/pages.h"
#include "gateway/problem.h"

namespace switchboard::gateway {

namespace http = boost::beast::http;
using nlohmann::ordered_json;

constexpr char kJsonType[] = "application/json";

std::string_view HeaderOf(const HttpRequest& request, std::string_view name) {
  const auto found = request.headers.find({name.data(), name.size()});
  if (found == request.headers.end()) return {};
  return {found->value().data(), found->value().size()};
}

HttpResponse Json(unsigned status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = kJsonType;
  response.body = std::move(body);
  return response;
}

absl::Status DecodeWithPath(const HttpRequest& request, const std::string& from_path,
                            std::string_view field, google::protobuf::Message* message) {
  RETURN_IF_ERROR(DecodeJson(request.body, message));
  const auto* descriptor = message->GetDescriptor()->FindFieldByName(std::string(field));
  const auto* reflection = message->GetReflection();
  const std::string in_body = reflection->GetString(*message, descriptor);
  if (!in_body.empty() && in_body != from_path) {
    return InvalidField(field, "in the body differs from the path's", "leave it out of the body");
  }
  reflection->SetString(message, descriptor, from_path);
  return absl::OkStatus();
}

HttpResponse Failed(const absl::Status& error, const CallContext& context) {
  return HttpApi::Problem(error, context.trace.trace_id);
}

namespace {

HttpResponse Html(const std::string& page) {
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  // The pages run nothing and load nothing.
  response.headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
                      {"Cache-Control", "public, max-age=300"}};
  response.body = page;
  return response;
}

// Ok when the body may be read as JSON. A missing Content-Type is believed to be JSON.
absl::Status CheckContentType(const HttpRequest& request) {
  const std::string_view type = HeaderOf(request, "Content-Type");
  const std::string media = AsciiStrToLower(Trim(type.substr(0, type.find(';'))));
  if (media.empty() || media == kJsonType ||
      (media.starts_with("application/") && media.ends_with("+json"))) {
    return absl::OkStatus();
  }
  return OfKind(InvalidField("Content-Type", StrCat("is ", media, ", not application/json"),
                             "send Content-Type: application/json"),
                "unsupported-media-type");
}

absl::StatusOr<CallContext> ContextOf(const HttpRequest& request, std::chrono::milliseconds limit) {
  CallMetadata metadata;
  if (request.headers.find("Idempotency-Key") != request.headers.end()) {
    metadata.idempotency_key = std::string(HeaderOf(request, "Idempotency-Key"));
  }
  metadata.traceparent = HeaderOf(request, "traceparent");
  metadata.timeout_ms = HeaderOf(request, "Request-Timeout-Ms");
  return MakeCallContext(metadata, limit);
}

template <typename Reply>
HttpResponse Answer(unsigned status, const absl::StatusOr<Reply>& reply,
                    const CallContext& context) {
  if (!reply.ok()) return Failed(reply.status(), context);
  return Json(status, EncodeJson(*reply));
}

}  // namespace

HttpApi::HttpApi(Operations* operations, Options options, Readiness readiness)
    : operations_(operations), options_(std::move(options)), readiness_(std::move(readiness)) {}

HttpResponse HttpApi::Problem(const absl::Status& error, std::string_view trace_id) {
  const v1::Problem problem = ToProblem(error, trace_id);
  if (problem.status() == 500) {
    log::Error("a request failed", {{"trace_id", trace_id}, {"error", error.ToString()}});
  }
  ordered_json body = {{"type", problem.type()},
                       {"title", problem.title()},
                       {"status", problem.status()},
                       {"detail", problem.detail()}};
  if (!problem.field().empty()) body["field"] = problem.field();
  body["remedy"] = problem.remedy();
  body["trace_id"] = problem.trace_id();
  HttpResponse response =
      Json(problem.status(), body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  response.content_type = "application/problem+json";
  if (const int seconds = RetryAfterSeconds(error); seconds > 0) {
    response.headers.emplace_back("Retry-After", StrCat(seconds));
  }
  return response;
}

// Route, context and media type. What can be known is in `call` even when the request is refused.
absl::Status HttpApi::Prepare(Call* call) const {
  const HttpRequest& request = call->request;
  absl::StatusOr<CallContext> context = ContextOf(request, options_.turn_timeout);
  if (context.ok()) {
    call->context = *context;
  } else {
    // Whoever is refused finds the refusal by the same ids.
    call->context.request_id = NewUuid();
    if (auto parent = trace::Parse(HeaderOf(request, "traceparent"))) {
      call->context.trace = trace::Child(*parent);
    }
  }
  ASSIGN_OR_RETURN(call->route, MatchRoute(request.method, request.target));
  if (!call->route.allow.empty()) {
    return OfKind(InvalidField("method", StrCat(request.method, " is not one that this path takes"),
                               StrCat("use ", call->route.allow)),
                  "method-not-allowed");
  }
  call->name = OperationName(call->route.operation);
  RETURN_IF_ERROR(context.status());
  return request.method == "POST" ? CheckContentType(request) : absl::OkStatus();
}

Awaitable<HttpResponse> HttpApi::Handle(HttpRequest request) {
  const auto begin = Clock::now();
  Call call;
  call.request = std::move(request);
  const absl::Status acceptable = Prepare(&call);
  const CallContext context = call.context;
  const std::string_view name = call.name;
  HttpResponse response;
  if (acceptable.ok()) {
    response = co_await Dispatch(std::move(call));
  } else {
    response = Failed(acceptable, context);
    if (!call.route.allow.empty()) response.headers.emplace_back("Allow", call.route.allow);
  }
  // An event stream is timed to its beginning; the turns behind it are in the supervisor's metrics.
  metrics_.Record(name, response.stream ? "stream" : StrCat(response.status), Clock::now() - begin);
  response.headers.emplace_back("traceparent", context.trace.traceparent());
  response.headers.emplace_back("X-Request-Id", context.request_id);
  co_return response;
}

Awaitable<HttpResponse> HttpApi::Dispatch(Call call) {
  const CallContext context = call.context;
  try {
    switch (call.route.operation) {
      case Operation::kCreateConversation:
        co_return co_await CreateConversation(std::move(call));
      case Operation::kGetConversation:
        co_return co_await GetConversation(std::move(call));
      case Operation::kSendMessage:
        co_return co_await SendMessage(std::move(call));
      case Operation::kSubmitFeedback:
        co_return co_await SubmitFeedback(std::move(call));
      case Operation::kInvoke:
      case Operation::kInvokeStream:
        co_return co_await Invoke(std::move(call));
      case Operation::kGetTurn:
        co_return co_await GetTurn(std::move(call));
      case Operation::kCallAgent:
        co_return co_await CallAgent(std::move(call));
      case Operation::kAnalyticsSummary:
        co_return co_await AnalyticsSummary(std::move(call));
      case Operation::kChat:
        co_return co_await Chat(std::move(call));
      case Operation::kListAgents:
        co_return ListAgents();
      case Operation::kChatStatus:
        co_return ChatStatus();
      default:
        co_return Page(call);
    }
  } catch (const std::exception& exception) {
    // Cannot happen: libraries' exceptions end where they are called. It costs one request, not the
    // rest.
    co_return Failed(absl::InternalError(exception.what()), context);
  }
}

HttpResponse HttpApi::Page(const Call& call) const {
  HttpResponse response;
  switch (call.route.operation) {
    case Operation::kRoot:
      response.status = 302;
      response.headers.emplace_back("Location", "/docs");
      return response;
    case Operation::kDocs:
      return Html(DocsPage());
    case Operation::kDocsErrors:
      return Html(ErrorsPage());
    case Operation::kOpenApi:
      return Json(200, std::string(OpenApiJson()));
    case Operation::kMetrics:
      response.content_type = "text/plain; version=0.0.4";
      response.body = metrics::Expose();
      return response;
    case Operation::kReady: {
      bool ready = false;
      response = Json(200, readiness_(&ready));
      if (!ready) {
        response.status = 503;
        response.headers.emplace_back("Retry-After", "2");
      }
      return response;
    }
    default:
      return Json(200, R"({"status":"ok"})");
  }
}

Awaitable<HttpResponse> HttpApi::CreateConversation(Call call) {
  v1::CreateConversationRequest request;
  absl::Status decoded = DecodeJson(call.request.body, &request);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  absl::StatusOr<v1::ConversationView> view =
      co_await operations_->CreateConversation(call.context, std::move(request));
  HttpResponse response = Answer(201, view, call.context);
  if (view.ok()) {
    response.headers.emplace_back("Location",
                                  StrCat("/v1/conversations/", view->conversation_id()));
  }
  co_return response;
}

Awaitable<HttpResponse> HttpApi::GetConversation(Call call) {
  v1::GetConversationRequest request;
  absl::Status decoded = DecodeQuery(call.route.query, &request);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  request.set_conversation_id(call.route.parameters[0]);
  absl::StatusOr<v1::ConversationView> view =
      co_await operations_->GetConversation(call.context, std::move(request));
  co_return Answer(200, view, call.context);
}

Awaitable<HttpResponse> HttpApi::SubmitFeedback(Call call) {
  v1::FeedbackRequest request;
  absl::Status decoded =
      DecodeWithPath(call.request, call.route.parameters[0], "conversation_id", &request);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  absl::StatusOr<v1::FeedbackReply> reply =
      co_await operations_->SubmitFeedback(call.context, std::move(request));
  co_return Answer(201, reply, call.context);
}

Awaitable<HttpResponse> HttpApi::CallAgent(Call call) {
  absl::StatusOr<std::string> reply =
      co_await operations_->CallAgent(call.context, call.route.parameters[0],
                                      call.route.parameters[1], std::move(call.request.body));
  if (!reply.ok()) co_return Failed(reply.status(), call.context);
  co_return Json(200, *std::move(reply));
}

Awaitable<HttpResponse> HttpApi::AnalyticsSummary(Call call) {
  v1::SummaryRequest request;
  absl::Status decoded = DecodeQuery(call.route.query, &request);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  absl::StatusOr<v1::SummaryReply> reply =
      co_await operations_->AnalyticsSummary(call.context, std::move(request));
  co_return Answer(200, reply, call.context);
}

Awaitable<HttpResponse> HttpApi::Chat(Call call) {
  ChatRequest request;
  // Its clients send fields of their own (user_id, metadata …), which the original ignores.
  absl::Status decoded = DecodeJson(call.request.body, &request, UnknownFields::kIgnore);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  absl::StatusOr<ChatReply> reply = co_await operations_->Chat(call.context, std::move(request));
  co_return Answer(200, reply, call.context);
}

HttpResponse HttpApi::ListAgents() const {
  ordered_json agents = ordered_json::array();
  for (const AgentState& agent : operations_->Agents()) {
    agents.push_back({{"name", agent.name},
                      {"state", agent.instances > 0 ? "ok" : "missing"},
                      {"instances", agent.instances},
                      {"version", agent.version},
                      {"description", agent.description},
                      {"verbs", agent.verbs}});
  }
  return Json(200, ordered_json({{"agents", agents}})
                       .dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

HttpResponse HttpApi::ChatStatus() const {
  ordered_json agents = ordered_json::object();
  bool whole = true;
  for (const AgentState& agent : operations_->Agents()) {
    agents[agent.name] = agent.instances > 0 ? "ok" : "missing";
    whole = whole && agent.instances > 0;
  }
  const auto uptime = Clock::now() - started_;
  const ordered_json body = {
      {"status", whole ? "ok" : "degraded"},
      {"version", options_.version},
      {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(uptime).count()},
      {"agents", agents}};
  return Json(200, body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace switchboard::gateway
