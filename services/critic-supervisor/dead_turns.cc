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

// Where an advisory goes that tells nothing.
constexpr char kAdvisoryOrigin[] = "advisory";

struct Advisory {
  // Of the message that was given up; 0: the advisory cannot be read.
  uint64_t sequence = 0;
  uint64_t deliveries = 0;
};

uint64_t Number(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

Advisory ReadAdvisory(const bus::Message& message) {
  const nlohmann::json told = nlohmann::json::parse(message.payload(), nullptr, false);
  if (!told.is_object()) return {};
  return {Number(told, "stream_seq"), Number(told, "deliveries")};
}

}  // namespace

Awaitable<absl::Status> DeadTurns::Remember(const bus::Message* message, v1::TurnRetried attempt) {
  return history_.Remember(message, std::move(attempt));
}

Awaitable<absl::Status> DeadTurns::Bury(const bus::Message* message, std::string reason,
                                        v1::TurnRetried last) {
  const std::string subject = bus::StoredSubject(*message);
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
  absl::Status told = co_await queue_.StoreWebhook(context, work.webhook_url(), outcome);
  if (!absl::IsResourceExhausted(told)) co_return told;
  // The turn must leave all the same, or a queue full of such turns would never have room again.
  std::string reason = "WORK was full: the outcome was not told";
  co_return co_await queue_.BuryWebhook(std::move(context), work.webhook_url(), std::move(outcome),
                                        std::move(reason));
}

Awaitable<absl::StatusOr<bool>> DeadTurns::FinishAnswered(const bus::Message* message) {
  const std::string subject = bus::StoredSubject(*message);
  const auto name = conversation::TurnOfSubject(subject, conversation::kWorkTurnPrefix);
  if (!name) co_return false;
  absl::StatusOr<v1::TurnReply> answer =
      co_await queue_.FindAnswer(*name, Deadline::After(kBuryLimit));
  if (absl::IsNotFound(answer.status())) co_return false;
  if (!answer.ok()) co_return answer.status();
  v1::TurnStatus outcome = conversation::AnsweredStatus(*name, *std::move(answer));
  absl::Status finished = co_await Finish(message, std::move(outcome));
  if (!finished.ok()) co_return finished;
  co_return true;
}

Awaitable<absl::Status> DeadTurns::HandleExhausted(std::span<const bus::Message> advisories) {
  absl::Status trouble;
  for (const bus::Message& message : advisories) {
    const Advisory advisory = ReadAdvisory(message);
    absl::Status handled;
    if (advisory.sequence > 0) {
      handled = co_await BuryAbandoned(advisory.sequence, advisory.deliveries);
    } else {
      log::Error("an advisory cannot be read", {{"subject", message.subject()}});
      std::string reason = "the advisory names no message of the stream";
      handled = co_await runtime::DeadLetter(bus_, kAdvisoryOrigin, &message, std::move(reason),
                                             Deadline::After(kBuryLimit));
    }
    trouble.Update(handled);
  }
  co_return trouble;
}

Awaitable<absl::Status> DeadTurns::BuryAbandoned(uint64_t sequence, uint64_t deliveries) {
  const Deadline deadline = Deadline::After(kBuryLimit);
  absl::StatusOr<bus::Message> message =
      co_await bus::DirectGetSequence(bus_, runtime::kWorkStream, sequence, deadline);
  if (absl::IsNotFound(message.status())) co_return absl::OkStatus();  // settled after all
  if (!message.ok()) co_return message.status();
  // Whoever had it may have died between the commit and the acknowledgement.
  absl::StatusOr<bool> answered = co_await FinishAnswered(&*message);
  if (!answered.ok()) co_return answered.status();
  if (!*answered) {
    v1::TurnRetried last;
    last.set_delivery(static_cast<uint32_t>(deliveries));
    std::string reason = kExhausted;
    absl::Status buried = co_await Bury(&*message, std::move(reason), std::move(last));
    if (!buried.ok()) co_return buried;
  }
  absl::Status deleted = co_await bus::DeleteMessage(bus_, runtime::kWorkStream, sequence,
                                                     Deadline::After(kBuryLimit));
  co_return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
}

Awaitable<absl::Status> DeadTurns::Sweep() {
  absl::Status turns = co_await SweepOne(kTurnsConsumer, conversation::kWorkTurnPrefix);
  // The gateways' own consumer; without webhooks there is none.
  absl::Status webhooks =
      co_await SweepOne(conversation::kWebhooksConsumer, conversation::kWorkWebhookPrefix);
  turns.Update(webhooks);
  co_return turns;
}

Awaitable<absl::Status> DeadTurns::SweepOne(std::string durable, std::string prefix) {
  const std::string stream = runtime::kWorkStream;
  absl::StatusOr<bus::ConsumerState> state =
      co_await bus::GetConsumerState(bus_, stream, durable, Deadline::After(kBuryLimit));
  if (absl::IsNotFound(state.status())) co_return absl::OkStatus();
  if (!state.ok()) co_return state.status();
  // Not in hand, yet what was delivered is still there: nobody will ever get it again.
  const uint64_t last =
      state->acks_pending > 0 ? state->ack_floor_sequence : state->delivered_sequence;
  const std::string subject = prefix + ">";
  absl::Status trouble;
  uint64_t sequence = 1;
  for (int i = 0; i < kSweepMax; ++i) {
    absl::StatusOr<bus::Message> left =
        co_await bus::DirectGetNext(bus_, stream, subject, sequence, Deadline::After(kBuryLimit));
    if (absl::IsNotFound(left.status())) break;
    if (!left.ok()) co_return left.status();
    sequence = left->stream_sequence();
    if (sequence > last) break;
    absl::Status buried = co_await BuryAbandoned(sequence, 0);
    trouble.Update(buried);
    ++sequence;
  }
  co_return trouble;
}

}  // namespace switchboard::critic_supervisor
