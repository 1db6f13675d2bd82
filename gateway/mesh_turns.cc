// The part of MeshOperations that runs turns.
#include <algorithm>
#include <memory>
#include <optional>

#include "common/base/fault.h"
#include "common/observability/metrics.h"
#include "common/runtime/call.h"
#include "common/runtime/validate.h"
#include "gateway/last_resort.h"
#include "gateway/mesh_call.h"
#include "gateway/mesh_operations.h"
#include "gateway/views.h"

namespace switchboard::gateway {
namespace {

constexpr char kSubmitSubject[] = "mesh.turn.submit";
constexpr char kSupervisor[] = "critic-supervisor";

prometheus::Gauge& TurnsInFlight() {
  static auto& gauge =
      metrics::Gauge("switchboard_gateway_turns_in_flight", "Turns the gateway waits for");
  return gauge;
}

// What a customer may read when nobody is there to answer.
absl::Status Apology(const absl::Status& cause) {
  absl::Status status = absl::UnavailableError(
      "We are sorry: nobody can answer at this moment. Please send your message again in a few "
      "seconds.");
  const int wait_ms = RetryAfterMsOf(cause);
  return WithRetryAfterMs(std::move(status), wait_ms > 0 ? wait_ms : kRetryAfterMs);
}

absl::StatusOr<v1::TurnReply> DecodeTurnReply(const bus::Message& message) {
  RETURN_IF_ERROR(runtime::ReplyStatus(message));
  v1::TurnReply reply;
  const std::string_view payload = message.payload();
  if (!reply.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::InternalError("the supervisor's reply is no TurnReply");
  }
  return reply;
}

}  // namespace

v1::TurnRequest MeshOperations::NewTurn(const CallContext& context,
                                        const ConversationChoice& conversation, std::string text,
                                        std::string language) const {
  v1::TurnRequest turn;
  turn.set_turn_id(context.request_id);
  turn.set_conversation_id(conversation.id);
  turn.set_opens_conversation(conversation.opens);
  turn.set_may_open_conversation(conversation.may_open);
  turn.set_tenant(options_.tenant);
  turn.set_text(std::move(text));
  turn.set_language(std::move(language));
  turn.set_principal(context.principal);
  turn.set_client_key(!context.idempotency_key.empty());
  return turn;
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::SendMessage(CallContext context,
                                                                     v1::SendMessageRequest request,
                                                                     EventSink on_event) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  CO_ASSIGN_OR_RETURN(const ConversationChoice conversation,
                      NamedConversation(request.conversation_id()));
  v1::TurnRequest turn = NewTurn(context, conversation, std::move(*request.mutable_text()),
                                 std::move(*request.mutable_language()));
  co_return co_await Submit(std::move(context), std::move(turn), std::move(on_event));
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::Invoke(CallContext context,
                                                                v1::InvokeRequest request,
                                                                EventSink on_event) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  ConversationChoice conversation;
  if (request.conversation_id().empty()) {
    conversation = NewConversation(context, request.customer_id());
  } else {
    CO_ASSIGN_OR_RETURN(conversation, NamedConversation(request.conversation_id()));
  }
  v1::TurnRequest turn = NewTurn(context, conversation, std::move(*request.mutable_text()),
                                 std::move(*request.mutable_language()));
  turn.set_channel(request.channel().empty() ? "api" : request.channel());
  turn.mutable_customer()->set_id(request.customer_id());
  co_return co_await Submit(std::move(context), std::move(turn), std::move(on_event));
}

Awaitable<absl::StatusOr<ChatReply>> MeshOperations::Chat(CallContext context,
                                                          ChatRequest request) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  const ConversationChoice conversation = SessionConversation(context, request.session_id());
  const std::string session_id =
      request.session_id().empty() ? conversation.id : request.session_id();
  v1::TurnRequest turn = NewTurn(context, conversation, std::move(*request.mutable_message()),
                                 std::move(*request.mutable_language()));
  turn.set_channel("chat");
  EventSink no_events;
  absl::StatusOr<v1::TurnReply> reply =
      co_await Submit(std::move(context), std::move(turn), std::move(no_events));
  if (!reply.ok()) co_return reply.status();
  co_return ToChatReply(*reply, session_id);
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::Submit(CallContext context,
                                                                v1::TurnRequest turn,
                                                                EventSink on_event) {
  if (*turns_in_flight_ >= options_.turns_in_flight_max) {
    co_return WithRetryAfterMs(
        absl::ResourceExhaustedError("the gateway has as many turns in hand as it takes"), 1000);
  }
  struct Slot {
    explicit Slot(std::shared_ptr<int> taken) : count(std::move(taken)) {
      TurnsInFlight().Set(++*count);
    }
    ~Slot() { TurnsInFlight().Set(--*count); }
    const std::shared_ptr<int> count;
  };
  const Slot slot(turns_in_flight_);
  absl::StatusOr<v1::TurnReply> reply =
      co_await RunTurn(std::move(context), std::move(turn), std::move(on_event));
  if (!reply.ok()) co_return NameConversation(reply.status());
  co_return reply;
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::RunTurn(CallContext context,
                                                                 v1::TurnRequest turn,
                                                                 EventSink on_event) {
  const runtime::Context bus_context = BusContext(context, turn.conversation_id());
  std::optional<Deadline> patience;  // since nobody answers
  bool handed_on = false;            // given to another supervisor because of silence
  bool heard = false;  // the caller has seen events: a further attempt must not repeat them
  for (;;) {
    // The last attempt may use all the time that is left.
    const Deadline silence =
        handed_on ? context.deadline : context.deadline.Child(options_.turn_retry_after);
    turn.set_stream(on_event != nullptr && !heard);
    absl::StatusOr<v1::TurnReply> reply = absl::UnknownError("");
    if (turn.stream()) {
      reply = co_await AttemptStream(bus_context, turn, on_event, silence, &heard);
    } else {
      reply = co_await Attempt(bus_context, turn, silence);
    }
    if (reply.ok()) co_return reply;
    if (absl::IsDeadlineExceeded(reply.status())) {
      if (!context.deadline.expired() && !directory_.Present(kSupervisor)) {
        co_return co_await LastResort(bus_context, turn, on_event, heard, reply.status());
      }
      if (handed_on || context.deadline.expired()) {
        co_return absl::DeadlineExceededError("the answer was not there in time");
      }
      handed_on = true;
      continue;
    }
    // Unavailable with a time to wait is a supervisor's own word: it is there, and busy.
    if (!absl::IsUnavailable(reply.status()) || RetryAfterMsOf(reply.status()) > 0) co_return reply;
    if (!patience) patience = context.deadline.Child(kAwayLimit);
    if (patience->expired()) {
      co_return co_await LastResort(bus_context, turn, on_event, heard, reply.status());
    }
    co_await Pause(kAwayPause);
  }
}

// No supervisor is there: the customer gets an apology and a person, when even that can be stored.
Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::LastResort(runtime::Context context,
                                                                    v1::TurnRequest turn,
                                                                    EventSink on_event, bool heard,
                                                                    absl::Status cause) {
  absl::StatusOr<v1::TurnReply> reply =
      co_await AnswerAsLastResort(connection_, std::move(context), std::move(turn));
  if (absl::IsUnavailable(reply.status()) || absl::IsDeadlineExceeded(reply.status())) {
    co_return Apology(cause);
  }
  if (reply.ok() && on_event) {
    v1::TurnEvent event;
    if (heard) {  // sentences of an answer that will not come
      event.mutable_restart()->set_attempt(1);
      on_event(event);
    }
    event.mutable_sentence()->set_text(reply->reply());
    on_event(event);
  }
  co_return reply;
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::Attempt(runtime::Context context,
                                                                 v1::TurnRequest turn,
                                                                 Deadline silence) {
  // The message carries the turn's whole deadline; only the waiting is shorter.
  bus::Headers headers = runtime::RequestHeaders(context, turn.GetTypeName(), kSender);
  std::string payload = runtime::Encode(turn);
  std::string subject = kSubmitSubject;
  absl::StatusOr<bus::Message> message = co_await connection_.Request(
      std::move(subject), std::move(headers), std::move(payload), silence);
  if (!message.ok()) co_return message.status();
  co_return DecodeTurnReply(*message);
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::AttemptStream(runtime::Context context,
                                                                       v1::TurnRequest turn,
                                                                       EventSink on_event,
                                                                       Deadline silence,
                                                                       bool* heard) {
  bus::Headers headers = runtime::RequestHeaders(context, turn.GetTypeName(), kSender);
  const std::unique_ptr<bus::ReplyStream> stream =
      connection_.RequestStream(kSubmitSubject, std::move(headers), runtime::Encode(turn), silence);
  for (;;) {
    absl::StatusOr<bus::Message> message = co_await stream->Next();
    if (!message.ok()) co_return message.status();
    if (message->Header(runtime::kHeaderStream).empty()) co_return DecodeTurnReply(*message);
    v1::TurnEvent event;
    const std::string_view payload = message->payload();
    if (!event.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) continue;
    *heard = true;
    on_event(event);
  }
}

}  // namespace switchboard::gateway
