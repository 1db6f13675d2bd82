// The part of MeshOperations that runs turns.
#include <algorithm>
#include <memory>
#include <optional>

#include "common/base/asio.h"
#include "common/base/fault.h"
#include "common/observability/metrics.h"
#include "common/runtime/call.h"
#include "common/runtime/validate.h"
#include "gateway/last_resort.h"
#include "gateway/mesh_call.h"
#include "gateway/mesh_operations.h"
#include "gateway/views.h"

namespace switchboard::gateway {

// What the client has seen of a turn's answer: the end must fit to it.
class MeshOperations::Seen {
 public:
  explicit Seen(EventSink sink) : sink_(std::move(sink)) {}
  bool wanted() const { return sink_ != nullptr; }

  void Show(const v1::TurnEvent& event) {
    if (event.has_restart()) text_.clear();
    if (event.has_sentence()) text_.append(event.sentence().text());
    if (sink_) sink_(event);
  }

  // Forget the sentences so far: another supervisor begins anew.
  void Restart() {
    if (text_.empty()) return;
    v1::TurnEvent event;
    event.mutable_restart()->set_attempt(++restarts_ + 1);
    Show(event);
  }

  // `reply` stands. Where that is not what was shown, the client is shown what stands.
  void Settle(const v1::TurnReply& reply) {
    if (!sink_ || Squeezed(text_) == Squeezed(reply.reply())) return;
    Restart();
    v1::TurnEvent event;
    event.mutable_sentence()->set_text(reply.reply());
    Show(event);
  }

 private:
  // The spaces between sentences are the supervisor's.
  static std::string Squeezed(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
  }

  const EventSink sink_;
  std::string text_;
  uint32_t restarts_ = 0;
};

namespace {

// The cluster's next server is milliseconds away; without one the refusal comes little later.
constexpr std::chrono::milliseconds kReconnectLimit{300};
constexpr std::chrono::milliseconds kReconnectPause{5};
constexpr char kSubmitSubject[] = "mesh.turn.submit";
constexpr char kSupervisor[] = "critic-supervisor";

prometheus::Gauge& TurnsInFlight() {
  static auto& gauge =
      metrics::Gauge("switchboard_gateway_turns_in_flight", "Turns the gateway waits for");
  return gauge;
}

constexpr std::chrono::milliseconds kJoinPause{20};
// The last resort is one read and one write.
constexpr std::chrono::milliseconds kLastResortReserve{500};

// What a customer may read when nobody is there to answer.
absl::Status Apology(const absl::Status& cause) {
  absl::Status status = absl::UnavailableError(
      "We are sorry: nobody can answer at this moment. Please send your message again in a few "
      "seconds.");
  const int wait_ms = RetryAfterMsOf(cause);
  return WithRetryAfterMs(std::move(status), wait_ms > 0 ? wait_ms : kRetryAfterMs);
}

// A caller that waits for the answer has it before any webhook could.
absl::Status RefuseWebhook(const std::string& webhook_url) {
  if (webhook_url.empty()) return absl::OkStatus();
  return InvalidField("webhook_url", "is for asynchronous turns",
                      "send Prefer: respond-async, or leave it out");
}

// Runs `work` to its end, whatever becomes of the caller: cancelling ends the waiting only.
Awaitable<absl::StatusOr<v1::TurnReply>> Detached(asio::io_context& io,
                                                  Awaitable<absl::StatusOr<v1::TurnReply>> work) {
  struct Outcome {
    explicit Outcome(asio::io_context& io) : done(io, Clock::time_point::max()) {}
    std::optional<absl::StatusOr<v1::TurnReply>> reply;
    Timer done;
  };
  const auto outcome = std::make_shared<Outcome>(io);
  asio::co_spawn(io, std::move(work),
                 [outcome](std::exception_ptr error, absl::StatusOr<v1::TurnReply> reply) {
                   if (error) reply = absl::InternalError("the turn ended with an exception");
                   outcome->reply = std::move(reply);
                   outcome->done.cancel();
                 });
  boost::system::error_code ignored;
  if (!outcome->reply) {
    co_await outcome->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!outcome->reply) co_return absl::CancelledError("the caller stopped waiting");
  co_return *std::move(outcome->reply);
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
  CO_RETURN_IF_ERROR(RefuseWebhook(request.webhook_url()));
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
  CO_RETURN_IF_ERROR(RefuseWebhook(request.webhook_url()));
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
  const Deadline reconnected = context.deadline.Child(kReconnectLimit);
  while (connection_.replicated() && connection_.state() != bus::State::kConnected &&
         !reconnected.expired()) {
    co_await Pause(reconnected.Child(kReconnectPause));
  }
  if (connection_.state() != bus::State::kConnected) co_return Apology(absl::OkStatus());
  if (!limiter_.Admits(*turns_in_flight_)) {
    co_return WithRetryAfterMs(
        absl::ResourceExhaustedError("the gateway has as many turns in hand as it takes"), 1000);
  }
  // Somebody may come back for it, with the same key or by the turn's id: it runs on without them.
  const bool resumable = on_event != nullptr || !context.idempotency_key.empty();
  auto running = Measured(std::move(context), std::move(turn), std::move(on_event));
  if (resumable) running = Detached(connection_.io(), std::move(running));
  absl::StatusOr<v1::TurnReply> reply = co_await std::move(running);
  if (!reply.ok()) co_return NameConversation(reply.status());
  co_return reply;
}

Awaitable<void> MeshOperations::Join(Deadline deadline) {
  while (*turns_in_flight_ > 0 && !deadline.expired()) {
    co_await Pause(deadline.Child(kJoinPause));
  }
}

// Counts the turn, and tells the limiter how long it waited besides being worked on.
Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::Measured(CallContext context,
                                                                  v1::TurnRequest turn,
                                                                  EventSink on_event) {
  struct Slot {
    explicit Slot(std::shared_ptr<int> taken) : count(std::move(taken)) {
      TurnsInFlight().Set(++*count);
    }
    ~Slot() { TurnsInFlight().Set(--*count); }
    const std::shared_ptr<int> count;
  };
  const Slot slot(turns_in_flight_);
  limiter_.OnStart(*turns_in_flight_);
  const Clock::time_point began = Clock::now();
  absl::StatusOr<v1::TurnReply> reply =
      co_await RunTurn(std::move(context), std::move(turn), std::move(on_event));
  if (reply.ok()) {
    const Clock::time_point now = Clock::now();
    const std::chrono::duration<double, std::milli> worked(reply->duration_ms());
    limiter_.OnWaited(now,
                      std::max(Clock::duration::zero(),
                               now - began - std::chrono::duration_cast<Clock::duration>(worked)));
  }
  co_return reply;
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::RunTurn(CallContext context,
                                                                 v1::TurnRequest turn,
                                                                 EventSink on_event) {
  // Time for the last resort is kept back: there is always an answer before the deadline.
  const std::chrono::milliseconds reserve =
      std::min(kLastResortReserve, context.deadline.Remaining() / 4);
  const runtime::Context whole = BusContext(context, turn.conversation_id());
  const runtime::Context shorter = whole.WithDeadline(context.deadline.Less(reserve));
  const auto seen = std::make_shared<Seen>(std::move(on_event));
  turn.set_stream(seen->wanted());
  std::optional<Deadline> patience;  // since nobody answers
  for (;;) {
    const Deadline at_once = Deadline::After(kAwayLimit);
    absl::StatusOr<v1::TurnReply> reply = co_await Attempt(shorter, turn, seen);
    if (reply.ok()) {
      seen->Settle(*reply);
      co_return reply;
    }
    // Unavailable with a time to wait is a supervisor's own word: it is there, and busy.
    const bool away = absl::IsUnavailable(reply.status()) && RetryAfterMsOf(reply.status()) == 0;
    if (!away && !absl::IsDeadlineExceeded(reply.status())) co_return reply;
    if (!patience) patience = shorter.deadline.Child(kAwayLimit);
    // Not told that nobody listens, but no sign of life either: somebody else listens on the bus.
    const bool missing = at_once.expired() && !directory_.Present(kSupervisor);
    if (patience->expired() || !away || missing) {
      turn.set_client_key(true);
      co_return co_await LastResort(whole, std::move(turn), seen, reply.status());
    }
    turn.set_client_key(true);  // somebody may have it
    co_await Pause(patience->Child(kAwayPause));
  }
}

// Nobody has answered: the customer gets an apology and a person, when even that can be stored.
Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::LastResort(runtime::Context context,
                                                                    v1::TurnRequest turn,
                                                                    std::shared_ptr<Seen> seen,
                                                                    absl::Status cause) {
  const bool late = absl::IsDeadlineExceeded(cause);
  absl::StatusOr<v1::TurnReply> reply =
      co_await AnswerAsLastResort(connection_, std::move(context), std::move(turn));
  if (absl::IsDeadlineExceeded(reply.status()) && late) {
    co_return absl::DeadlineExceededError("the answer was not there in time");
  }
  if (absl::IsUnavailable(reply.status()) || absl::IsDeadlineExceeded(reply.status())) {
    co_return Apology(cause);
  }
  if (reply.ok()) seen->Settle(*reply);
  co_return reply;
}

Awaitable<absl::StatusOr<v1::TurnReply>> MeshOperations::Attempt(runtime::Context context,
                                                                 v1::TurnRequest turn,
                                                                 std::shared_ptr<Seen> seen) {
  runtime::Caller::Query query;
  query.subject = kSubmitSubject;
  query.type = turn.GetTypeName();
  query.payload = runtime::Encode(turn);
  query.on_part = [seen](const bus::Message& part) {
    v1::TurnEvent event;
    const std::string_view payload = part.payload();
    if (event.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) seen->Show(event);
    return absl::OkStatus();
  };
  query.on_restart = [seen] { seen->Restart(); };
  absl::StatusOr<bus::Message> message =
      co_await caller_.Send(std::move(query), std::move(context));
  co_return runtime::DecodeReply<v1::TurnReply>(message);
}

}  // namespace switchboard::gateway
