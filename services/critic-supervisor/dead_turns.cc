#include "services/critic-supervisor/dead_turns.h"

#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/runtime/streams.h"

namespace switchboard::critic_supervisor {
namespace {

// A few hops and two disks.
constexpr std::chrono::milliseconds kBuryLimit{5000};
// Messages that one sweep buries; the next one goes on.
constexpr int kSweepMax = 100;
// What the server's advisory and silence together say.
constexpr char kExhausted[] = "no delivery was ever settled: whoever had it died or hung";

std::string StoredSubject(const bus::Message& message) {
  const std::string_view stored = message.Header("Nats-Subject");
  return std::string(stored.empty() ? message.subject() : stored);
}

}  // namespace

Awaitable<absl::Status> DeadTurns::Remember(const bus::Message* message, v1::TurnRetried attempt) {
  return history_.Remember(message, std::move(attempt));
}

Awaitable<absl::Status> DeadTurns::Bury(const bus::Message* message, std::string reason,
                                        v1::TurnRetried last) {
  const std::string subject = StoredSubject(*message);
  absl::Status stored = co_await history_.Bury(message, reason, std::move(last));
  if (!stored.ok()) co_return stored;
  const auto name = conversation::TurnOfSubject(subject, conversation::kWorkTurnPrefix);
  if (!name) co_return absl::OkStatus();
  v1::TurnStatus outcome = conversation::DeadStatus(*name, std::move(reason));
  co_return co_await Finish(message, std::move(outcome));
}

// Tells whoever asked to be told, if anybody can be made out.
Awaitable<absl::Status> DeadTurns::Finish(const bus::Message* message, v1::TurnStatus outcome) {
  v1::TurnWork work;
  const std::string_view payload = message->payload();
  if (!work.ParseFromArray(payload.data(), static_cast<int>(payload.size())) ||
      work.webhook_url().empty()) {
    co_return absl::OkStatus();
  }
  runtime::Context context = runtime::Context::FromMessage(*message);
  context.turn_id = outcome.turn_id();
  context.conversation_id = outcome.conversation_id();
  context.deadline = Deadline::After(kBuryLimit);
  co_return co_await queue_.StoreWebhook(std::move(context), work.webhook_url(),
                                         std::move(outcome));
}

Awaitable<absl::Status> DeadTurns::HandleExhausted(std::span<const bus::Message> advisories) {
  for (const bus::Message& advisory : advisories) {
    const nlohmann::json told = nlohmann::json::parse(advisory.payload(), nullptr, false);
    const uint64_t sequence = told.is_object() ? told.value("stream_seq", uint64_t{0}) : 0;
    if (sequence == 0) {
      log::Error("an advisory cannot be read", {{"subject", advisory.subject()}});
      continue;
    }
    absl::Status buried = co_await BuryAbandoned(sequence, told.value("deliveries", uint64_t{0}));
    if (!buried.ok()) co_return buried;
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> DeadTurns::BuryAbandoned(uint64_t sequence, uint64_t deliveries) {
  const Deadline deadline = Deadline::After(kBuryLimit);
  absl::StatusOr<bus::Message> message =
      co_await bus::DirectGetSequence(bus_, runtime::kWorkStream, sequence, deadline);
  if (absl::IsNotFound(message.status())) co_return absl::OkStatus();  // settled after all
  if (!message.ok()) co_return message.status();
  const std::string subject = StoredSubject(*message);
  const auto name = conversation::TurnOfSubject(subject, conversation::kWorkTurnPrefix);
  absl::StatusOr<v1::TurnReply> answer = absl::NotFoundError("");
  if (name) answer = co_await queue_.FindAnswer(*name, deadline);
  absl::Status done;
  if (answer.ok()) {
    // It died between the commit and the acknowledgement.
    v1::TurnStatus outcome = conversation::AnsweredStatus(*name, *std::move(answer));
    done = co_await Finish(&*message, std::move(outcome));
  } else if (!absl::IsNotFound(answer.status())) {
    done = answer.status();
  } else {
    v1::TurnRetried last;
    last.set_delivery(static_cast<uint32_t>(deliveries));
    std::string reason = kExhausted;
    done = co_await Bury(&*message, std::move(reason), std::move(last));
  }
  if (!done.ok()) co_return done;
  absl::Status deleted = co_await bus::DeleteMessage(bus_, runtime::kWorkStream, sequence,
                                                     Deadline::After(kBuryLimit));
  co_return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
}

Awaitable<absl::Status> DeadTurns::Sweep() {
  const std::string stream = runtime::kWorkStream;
  const std::string durable = kTurnsConsumer;
  absl::StatusOr<bus::ConsumerState> state =
      co_await bus::GetConsumerState(bus_, stream, durable, Deadline::After(kBuryLimit));
  if (!state.ok()) co_return state.status();
  // Nothing is in hand, yet what was delivered is still there: nobody will ever get it again.
  if (state->acks_pending > 0) co_return absl::OkStatus();
  const std::string subject = StrCat(conversation::kWorkTurnPrefix, ">");
  uint64_t sequence = 1;
  for (int i = 0; i < kSweepMax; ++i) {
    absl::StatusOr<bus::Message> left =
        co_await bus::DirectGetNext(bus_, stream, subject, sequence, Deadline::After(kBuryLimit));
    if (absl::IsNotFound(left.status())) break;
    if (!left.ok()) co_return left.status();
    sequence = left->stream_sequence();
    if (sequence > state->delivered_sequence) break;
    absl::Status buried = co_await BuryAbandoned(sequence, 0);
    if (!buried.ok()) co_return buried;
    ++sequence;
  }
  co_return absl::OkStatus();
}

}  // namespace switchboard::critic_supervisor
