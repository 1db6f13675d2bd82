#include "services/critic-supervisor/supervisor.h"

#include "absl/time/clock.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/conversation/state.h"

namespace switchboard::critic_supervisor {
namespace {

constexpr uint32_t kPageSizeDefault = 50;

}  // namespace

Supervisor::Supervisor(bus::Connection& bus, std::shared_ptr<const critic::Critic> critic,
                       TurnLimits limits)
    : critic_(std::move(critic)),
      foreign_text_(critic_),
      limits_(limits),
      caller_(bus, "critic-supervisor"),
      store_(bus, "critic-supervisor") {}

void Supervisor::Register(runtime::Agent& agent) {
  agent.HandleStream<v1::TurnRequest, v1::TurnEvent, v1::TurnReply>(
      "submit",
      [this](runtime::Context context, v1::TurnRequest request,
             runtime::Emitter<v1::TurnEvent> emitter) {
        return Submit(std::move(context), std::move(request), std::move(emitter));
      },
      [](const v1::TurnReply& reply) { return Summarise(reply, reply.citations_size()); },
      "mesh.turn.submit");
  agent.Handle<v1::ReviewRequest, v1::ReviewReply>(
      "review",
      [this](const runtime::Context& context, const v1::ReviewRequest& request) {
        return Review(context, request);
      },
      [](const v1::ReviewReply& reply) {
        return reply.verdict() == v1::ReviewReply::ALLOW ? std::string("allow")
                                                         : StrCat("block ", reply.policy());
      });
  agent.HandleAsync<v1::OpenRequest, v1::Conversation>(
      "open", [this](runtime::Context context, v1::OpenRequest request) {
        return Open(std::move(context), std::move(request));
      });
  agent.HandleAsync<v1::HistoryRequest, v1::HistoryReply>(
      "history",
      [this](runtime::Context context, v1::HistoryRequest request) {
        return History(std::move(context), std::move(request));
      },
      [](const v1::HistoryReply& reply) { return StrCat(reply.turns_size(), " turns"); });
}

absl::StatusOr<v1::ReviewReply> Supervisor::Review(const runtime::Context&,
                                                   const v1::ReviewRequest& request) const {
  if (request.direction() == v1::ReviewRequest::DIRECTION_UNSPECIFIED) {
    return InvalidField("direction", "is missing", "send INPUT, OUTPUT or RETRIEVED");
  }
  const critic::Review review = critic_->Examine(request);
  v1::ReviewReply reply;
  reply.set_verdict(review.verdict);
  reply.set_policy(review.policy);
  reply.set_reason(review.reason);
  reply.mutable_supported_by()->Assign(review.supported_by.begin(), review.supported_by.end());
  return reply;
}

Awaitable<absl::StatusOr<v1::TurnReply>> Supervisor::Submit(
    runtime::Context context, v1::TurnRequest request, runtime::Emitter<v1::TurnEvent> emitter) {
  // A client without the gateway need not repeat in headers what the message says.
  context.turn_id = request.turn_id();
  context.conversation_id = request.conversation_id();
  if (context.attempt > 1) request.set_client_key(true);
  Turn turn(caller_, *critic_, foreign_text_, limits_, std::move(context), std::move(request),
            std::move(emitter));
  co_return co_await turn.Conduct();
}

Awaitable<absl::StatusOr<v1::Conversation>> Supervisor::Open(runtime::Context context,
                                                             v1::OpenRequest request) {
  const int64_t now_ms = absl::ToUnixMillis(absl::Now());
  v1::TurnRequest like;
  like.set_conversation_id(request.conversation_id());
  like.set_tenant(request.tenant());
  like.set_channel(request.channel());
  like.set_language(request.language());
  *like.mutable_customer() = request.customer();
  like.set_principal(request.principal());
  v1::ConversationRecord record;
  *record.mutable_conversation() = conversation::NewConversation(like, now_ms);
  record.mutable_opened();
  conversation::SetTimestamp(*record.mutable_recorded_at(), now_ms);
  context.conversation_id = request.conversation_id();
  const Deadline deadline = context.deadline;
  const v1::Conversation opened = record.conversation();
  std::string summary = "conversation opened";
  absl::Status status =
      co_await store_.Commit(std::move(context), std::move(record), 0, std::move(summary));
  if (status.ok()) co_return opened;
  if (!absl::IsAborted(status)) co_return status;
  absl::StatusOr<conversation::Stored> existing =
      co_await store_.Load(request.conversation_id(), deadline);
  if (!existing.ok()) co_return existing.status();
  if (existing->record.conversation().principal() != request.principal()) {
    co_return absl::AlreadyExistsError("this conversation exists");
  }
  co_return existing->record.conversation();
}

Awaitable<absl::StatusOr<v1::HistoryReply>> Supervisor::History(runtime::Context context,
                                                                v1::HistoryRequest request) {
  absl::StatusOr<conversation::Stored> last =
      co_await store_.Load(request.conversation_id(), context.deadline);
  if (absl::IsNotFound(last.status())) co_return conversation::UnknownConversation();
  if (!last.ok()) co_return last.status();
  v1::HistoryReply reply;
  *reply.mutable_conversation() = last->record.conversation();
  reply.mutable_conversation()->clear_window();
  if (request.state_only()) co_return reply;
  const auto wanted =
      static_cast<int>(request.page_size() == 0 ? kPageSizeDefault : request.page_size());
  uint64_t sequence = request.after_sequence();
  while (reply.turns_size() < wanted && sequence < last->sequence) {
    absl::StatusOr<conversation::Stored> stored =
        co_await store_.Next(request.conversation_id(), sequence + 1, context.deadline);
    if (absl::IsNotFound(stored.status())) break;
    if (!stored.ok()) co_return stored.status();
    sequence = stored->sequence;
    if (!stored->record.has_turn()) continue;
    v1::HistoryTurn& turn = *reply.add_turns();
    turn.set_text(stored->record.turn().text());
    *turn.mutable_reply() = stored->record.turn().reply();
    *turn.mutable_at() = stored->record.recorded_at();
  }
  if (sequence < last->sequence) reply.set_next_sequence(sequence);
  co_return reply;
}

}  // namespace switchboard::critic_supervisor
