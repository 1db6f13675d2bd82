// The part of MeshOperations that accepts turns into the work queue and tells where they stand.
#include <algorithm>

#include "common/base/fault.h"
#include "common/runtime/validate.h"
#include "gateway/mesh_call.h"
#include "gateway/mesh_operations.h"

namespace switchboard::gateway {
namespace {

using std::chrono::milliseconds;

// A look: a few reads.
// On a cluster a leader that was just elected may not show yet what was accepted before: that a
// turn is unknown is believed after so long.
constexpr milliseconds kBehindLimit{2000};
constexpr milliseconds kBehindPause{250};
constexpr milliseconds kStoreLimit{5000};
// While somebody waits without news: what the news might have been is read again.
constexpr milliseconds kLookAgainAfter{1000};

// Whether another look may say something else.
bool Unsettled(const absl::StatusOr<v1::TurnStatus>& status, bool begun) {
  if (status.ok()) return status->state() == v1::TurnStatus::ACCEPTED;
  if (absl::IsNotFound(status.status())) return begun;
  return absl::IsUnavailable(status.status()) || absl::IsDeadlineExceeded(status.status());
}

absl::Status WithWait(absl::Status error) {
  // Whether it was stored is not known: the same id may come again.
  if (absl::IsDeadlineExceeded(error)) {
    error = absl::UnavailableError("the queue did not answer in time");
  }
  if (!absl::IsUnavailable(error) || RetryAfterMsOf(error) > 0) return error;
  return WithRetryAfterMs(std::move(error), kRetryAfterMs);
}

}  // namespace

Awaitable<absl::StatusOr<v1::TurnStatus>> MeshOperations::SubmitTurn(CallContext context,
                                                                     v1::InvokeRequest request) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  if (!request.webhook_url().empty()) {
    CO_RETURN_IF_ERROR(options_.webhook_urls.Check(request.webhook_url()));
  }
  ConversationChoice conversation;
  if (request.conversation_id().empty()) {
    conversation = NewConversation(context, request.customer_id());
  } else {
    CO_ASSIGN_OR_RETURN(conversation, NamedConversation(request.conversation_id()));
  }
  v1::TurnWork work;
  *work.mutable_request() = NewTurn(context, conversation, std::move(*request.mutable_text()),
                                    std::move(*request.mutable_language()));
  work.mutable_request()->set_channel(request.channel().empty() ? "api" : request.channel());
  work.mutable_request()->mutable_customer()->set_id(request.customer_id());
  work.set_webhook_url(std::move(*request.mutable_webhook_url()));
  co_return co_await Accept(std::move(context), std::move(work));
}

Awaitable<absl::StatusOr<v1::TurnStatus>> MeshOperations::Accept(CallContext context,
                                                                 v1::TurnWork work) {
  if (*accepting_ >= options_.turns_in_flight_max) {
    co_return WithRetryAfterMs(
        absl::ResourceExhaustedError("the gateway has as many turns in hand as it takes"), 1000);
  }
  struct Slot {
    explicit Slot(std::shared_ptr<int> taken) : count(std::move(taken)) { ++*count; }
    ~Slot() { --*count; }
    const std::shared_ptr<int> count;
  };
  const Slot slot(accepting_);
  runtime::Context bus_context = BusContext(context, work.request().conversation_id());
  bus_context.deadline = context.deadline;
  absl::StatusOr<v1::TurnStatus> accepted =
      co_await queue_.Accept(std::move(bus_context), std::move(work));
  if (!accepted.ok()) co_return NameConversation(WithWait(accepted.status()));
  co_return accepted;
}

Awaitable<absl::StatusOr<v1::TurnStatus>> MeshOperations::GetTurn(CallContext context,
                                                                  v1::GetTurnRequest request,
                                                                  bool begun) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  std::optional<conversation::TurnName> name = conversation::ParseTurnName(request.id());
  if (!name) co_return conversation::UnknownTurn();
  conversation::TurnWatch watch{
      .name = *std::move(name), .principal = context.principal, .seen_sequence = 0};
  std::unique_ptr<Outcomes::Place> place;
  if (request.wait_ms() > 0) {
    CO_ASSIGN_OR_RETURN(place, outcomes_.Enter(watch.name.conversation_id));
  }
  const milliseconds wait(request.wait_ms());
  const Deadline until = Deadline::After(wait);
  // The wait comes on top of the call's own time.
  const Deadline end(context.deadline.at() + wait);
  const Deadline behind =
      context.deadline.Child(connection_.replicated() ? kBehindLimit : milliseconds(0));
  for (;;) {
    absl::StatusOr<v1::TurnStatus> status = co_await queue_.LookUp(&watch, end.Child(kStoreLimit));
    if (absl::IsNotFound(status.status()) && !behind.expired()) {
      co_await Pause(behind.Child(kBehindPause));
      continue;
    }
    if (place == nullptr || !Unsettled(status, begun) || until.expired() || place->closing()) {
      if (!status.ok()) co_return WithWait(status.status());
      co_return status;
    }
    co_await place->WaitForNews(std::min(kLookAgainAfter, until.Remaining()));
    // The bus being away shows at once: without this the loop would look as fast as it can.
    if (!status.ok() && !absl::IsNotFound(status.status())) co_await Pause(until.Child(kAwayPause));
  }
}

}  // namespace switchboard::gateway
