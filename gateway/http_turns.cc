// The part of HttpApi about turns: answered at once, streamed, accepted for later, asked for again.
#include <algorithm>
#include <exception>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/conversation/work_queue.h"
#include "gateway/http_call.h"
#include "gateway/json_codec.h"
#include "gateway/prefer.h"
#include "gateway/turn_events.h"

namespace switchboard::gateway {
namespace {

using std::chrono::milliseconds;

// As GetTurnRequest.wait_ms; proxies give up around the same time.
constexpr milliseconds kWaitMax{60000};

bool WantsEvents(const HttpRequest& request) {
  const std::string accept = AsciiStrToLower(HeaderOf(request, "Accept"));
  return accept.find("text/event-stream") != std::string::npos;
}

Preferences PreferencesOf(const HttpRequest& request) {
  std::string joined;
  const auto [begin, end] = request.headers.equal_range("Prefer");
  for (auto field = begin; field != end; ++field) {
    const std::string_view value(field->value().data(), field->value().size());
    StrAppend(&joined, joined.empty() ? "" : ", ", value);
  }
  return ParsePrefer(joined);
}

uint32_t WaitMs(const Preferences& preferences) {
  if (!preferences.wait) return 0;
  return static_cast<uint32_t>(std::min<milliseconds>(*preferences.wait, kWaitMax).count());
}

// Where a turn is found later, on every replica. Both parts are encoded: what a client has put into
// its path must not end a header.
std::string TurnLocation(const std::string& conversation_id, const std::string& turn_id) {
  return StrCat("/v1/turns/", conversation::TurnToken(AsciiStrToLower(conversation_id)), ".",
                conversation::TurnToken(turn_id));
}

HttpResponse NothingMore() {
  HttpResponse response;
  response.status = 204;
  return response;
}

// A turn as JSON, or as the events that lead to it.
using Turn = std::function<Awaitable<absl::StatusOr<v1::TurnReply>>(EventSink)>;

// `final_only`: the client has seen the beginning; all it lacks is the end.
Awaitable<std::optional<HttpResponse>> ProduceTurn(Turn turn, CallContext context, bool final_only,
                                                   HttpResponse::Emit emit) {
  const auto numbering = std::make_shared<TurnEventWriter>(context.request_id);
  EventSink sink;
  if (!final_only) {
    sink = [numbering, emit](const v1::TurnEvent& event) { emit(numbering->Format(event)); };
  }
  absl::StatusOr<v1::TurnReply> reply = co_await turn(std::move(sink));
  if (!reply.ok()) co_return Failed(reply.status(), context);
  emit(numbering->Format(*reply));
  co_return std::nullopt;
}

Awaitable<HttpResponse> AnswerTurn(HttpRequest request, bool events, std::string conversation_id,
                                   Turn turn, CallContext context) {
  if (!events) {
    EventSink no_events;
    absl::StatusOr<v1::TurnReply> reply = co_await turn(std::move(no_events));
    if (!reply.ok()) co_return Failed(reply.status(), context);
    HttpResponse response = Json(200, EncodeJson(*reply));
    response.headers.emplace_back("Content-Location",
                                  TurnLocation(reply->conversation_id(), reply->turn_id()));
    co_return response;
  }
  const Seen seen = SeenOf(HeaderOf(request, "Last-Event-ID"), context.request_id);
  if (seen == Seen::kFinal) co_return NothingMore();
  HttpResponse response;
  response.headers.emplace_back("Content-Location",
                                TurnLocation(conversation_id, context.request_id));
  const bool final_only = seen == Seen::kBegun;
  response.stream = [turn = std::move(turn), context, final_only](HttpResponse::Emit emit) {
    return ProduceTurn(turn, context, final_only, std::move(emit));
  };
  co_return response;
}

Awaitable<std::optional<HttpResponse>> ProduceOutcome(Operations* operations, CallContext context,
                                                      v1::GetTurnRequest request, bool begun,
                                                      HttpResponse::Emit emit) {
  absl::StatusOr<v1::TurnStatus> status =
      co_await operations->GetTurn(context, std::move(request), begun);
  if (!status.ok()) co_return Failed(status.status(), context);
  TurnEventWriter writer(status->turn_id());
  emit(writer.Format(*status));
  co_return std::nullopt;
}

}  // namespace

Awaitable<HttpResponse> HttpApi::SendMessage(Call call) {
  v1::SendMessageRequest request;
  absl::Status decoded =
      DecodeWithPath(call.request, call.route.parameters[0], "conversation_id", &request);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  if (PreferencesOf(call.request).respond_async) {
    v1::InvokeRequest submitted;
    submitted.set_text(std::move(*request.mutable_text()));
    submitted.set_conversation_id(std::move(*request.mutable_conversation_id()));
    submitted.set_language(std::move(*request.mutable_language()));
    submitted.set_webhook_url(std::move(*request.mutable_webhook_url()));
    co_return co_await SubmitTurn(std::move(call), std::move(submitted));
  }
  std::string conversation_id = request.conversation_id();
  Turn turn = [operations = operations_, context = call.context, request](EventSink on_event) {
    return operations->SendMessage(context, request, std::move(on_event));
  };
  const bool events = WantsEvents(call.request);
  co_return co_await AnswerTurn(std::move(call.request), events, std::move(conversation_id),
                                std::move(turn), std::move(call.context));
}

Awaitable<HttpResponse> HttpApi::Invoke(Call call) {
  v1::InvokeRequest request;
  absl::Status decoded = DecodeJson(call.request.body, &request);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  const bool streamed = call.route.operation == Operation::kInvokeStream;
  if (!streamed && PreferencesOf(call.request).respond_async) {
    co_return co_await SubmitTurn(std::move(call), std::move(request));
  }
  const bool events = streamed || WantsEvents(call.request);
  std::string conversation_id = request.conversation_id();
  if (events && conversation_id.empty()) {
    // The stream's first line says where the turn is found, so its conversation is named before it
    // begins.
    conversation_id = NewConversation(call.context, request.customer_id()).id;
    call.context.new_conversation_id = conversation_id;
  }
  Turn turn = [operations = operations_, context = call.context, request](EventSink on_event) {
    return operations->Invoke(context, request, std::move(on_event));
  };
  co_return co_await AnswerTurn(std::move(call.request), events, std::move(conversation_id),
                                std::move(turn), std::move(call.context));
}

Awaitable<HttpResponse> HttpApi::SubmitTurn(Call call, v1::InvokeRequest request) {
  absl::StatusOr<v1::TurnStatus> status =
      co_await operations_->SubmitTurn(call.context, std::move(request));
  if (!status.ok()) co_return Failed(status.status(), call.context);
  const Preferences preferences = PreferencesOf(call.request);
  if (WaitMs(preferences) > 0 && status->state() == v1::TurnStatus::ACCEPTED) {
    v1::GetTurnRequest wait;
    wait.set_id(status->id());
    wait.set_wait_ms(WaitMs(preferences));
    absl::StatusOr<v1::TurnStatus> later =
        co_await operations_->GetTurn(call.context, std::move(wait), true);
    // It is accepted whatever became of the waiting.
    if (later.ok()) status = std::move(later);
  }
  HttpResponse response = Json(202, EncodeJson(*status));
  response.headers.emplace_back("Location",
                                TurnLocation(status->conversation_id(), status->turn_id()));
  response.headers.emplace_back("Preference-Applied", preferences.Applied());
  co_return response;
}

Awaitable<HttpResponse> HttpApi::GetTurn(Call call) {
  v1::GetTurnRequest request;
  absl::Status decoded = DecodeQuery(call.route.query, &request);
  if (!decoded.ok()) co_return Failed(decoded, call.context);
  request.set_id(call.route.parameters[0]);
  const Preferences preferences = PreferencesOf(call.request);
  if (preferences.wait) request.set_wait_ms(WaitMs(preferences));
  const std::optional<conversation::TurnName> name = conversation::ParseTurnName(request.id());
  const std::string turn_id = name ? name->turn_id : std::string();
  const Seen seen = SeenOf(HeaderOf(call.request, "Last-Event-ID"), turn_id);
  if (!WantsEvents(call.request)) {
    absl::StatusOr<v1::TurnStatus> status =
        co_await operations_->GetTurn(call.context, std::move(request), false);
    if (!status.ok()) co_return Failed(status.status(), call.context);
    HttpResponse response = Json(200, EncodeJson(*status));
    if (preferences.wait) {
      response.headers.emplace_back("Preference-Applied",
                                    StrCat("wait=", preferences.wait->count()));
    }
    co_return response;
  }
  if (seen == Seen::kFinal) co_return NothingMore();
  if (request.wait_ms() == 0) request.set_wait_ms(static_cast<uint32_t>(kWaitMax.count()));
  HttpResponse response;
  response.stream = [operations = operations_, context = call.context, request,
                     begun = seen == Seen::kBegun](HttpResponse::Emit emit) {
    return ProduceOutcome(operations, context, request, begun, std::move(emit));
  };
  co_return response;
}

}  // namespace switchboard::gateway
