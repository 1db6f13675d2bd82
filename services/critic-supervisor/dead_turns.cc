#include "services/critic-supervisor/dead_turns.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "common/runtime/call.h"
#include "common/runtime/streams.h"

namespace switchboard::critic_supervisor {
namespace {

using conversation::TurnName;

// A few hops and two disks.
constexpr std::chrono::milliseconds kBuryLimit{5000};
// Attempts of one message that are read at most: five deliveries, and again after each replay.
constexpr int kAttemptsReadMax = 100;
// Messages that one sweep buries; the next one goes on.
constexpr int kSweepMax = 100;
// Tells the attempts of this message from those of an earlier one with the same turn.
constexpr char kHeaderWorkSequence[] = "Mesh-Work-Sequence";
// What the server's advisory and silence together say.
constexpr char kExhausted[] = "no delivery was ever settled: whoever had it died or hung";

prometheus::Counter& Buried(const std::string& origin) {
  return metrics::Counter("switchboard_work_dead_total", "Messages of WORK that went to DEAD",
                          {{"origin", origin}});
}

std::string StoredSubject(const bus::Message& message) {
  const std::string_view stored = message.Header("Nats-Subject");
  return std::string(stored.empty() ? message.subject() : stored);
}

// What stands between "mesh.work." and the conversation: turn, webhook.
struct Place {
  std::string origin;
  std::string suffix;
};

Place PlaceOf(std::string_view subject) {
  constexpr std::string_view kPrefix = "mesh.work.";
  if (subject.starts_with(kPrefix)) subject.remove_prefix(kPrefix.size());
  const size_t dot = subject.find('.');
  if (dot == std::string_view::npos) return {.origin = "work", .suffix = ""};
  return {std::string(subject.substr(0, dot)), std::string(subject.substr(dot + 1))};
}

}  // namespace

std::string HistoryLine(const v1::TurnRetried& attempt) {
  const absl::Time at =
      absl::FromUnixSeconds(attempt.at().seconds()) + absl::Nanoseconds(attempt.at().nanos());
  return StrCat(attempt.delivery(), " ",
                absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", at, absl::UTCTimeZone()), " ",
                attempt.instance_id(), " ", attempt.reason());
}

std::string JoinHistory(const std::vector<v1::TurnRetried>& attempts, uint64_t deliveries) {
  std::vector<std::string> lines;
  for (uint64_t n = 1; n <= deliveries; ++n) {
    const auto found = std::find_if(attempts.begin(), attempts.end(),
                                    [n](const auto& a) { return a.delivery() == n; });
    lines.push_back(found == attempts.end() ? StrCat(n, " - - no outcome") : HistoryLine(*found));
  }
  return StrJoin(lines, " | ");
}

Awaitable<absl::Status> DeadTurns::Remember(const bus::Message* message, v1::TurnRetried attempt) {
  const TurnName name{attempt.conversation_id(), attempt.turn_id()};
  runtime::Context context = runtime::Context::FromMessage(*message);
  context.turn_id = name.turn_id;
  context.conversation_id = name.conversation_id;
  context.deadline = Deadline::After(kBuryLimit);
  bus::Headers headers =
      runtime::RequestHeaders(context, attempt.GetTypeName(), "critic-supervisor");
  headers.emplace_back(runtime::kHeaderSummary,
                       StrCat("delivery ", attempt.delivery(), ": ", attempt.reason()));
  headers.emplace_back(kHeaderWorkSequence, StrCat(message->stream_sequence()));
  bus::PublishOptions options;
  options.message_id = StrCat("retried/", message->stream_sequence(), "/", attempt.delivery());
  std::string subject = conversation::kTurnRetriedPrefix + name.Suffix();
  std::string payload = runtime::Encode(attempt);
  absl::StatusOr<bus::PublishAck> ack =
      co_await bus::PublishToStream(bus_, std::move(subject), std::move(headers),
                                    std::move(payload), std::move(options), context.deadline);
  co_return ack.status();
}

Awaitable<absl::StatusOr<std::vector<v1::TurnRetried>>> DeadTurns::History(std::string suffix,
                                                                           uint64_t work_sequence) {
  const std::string subject = conversation::kTurnRetriedPrefix + suffix;
  const Deadline deadline = Deadline::After(kBuryLimit);
  std::vector<v1::TurnRetried> attempts;
  uint64_t sequence = 1;
  for (int i = 0; i < kAttemptsReadMax; ++i) {
    absl::StatusOr<bus::Message> next =
        co_await bus::DirectGetNext(bus_, runtime::kEventsStream, subject, sequence, deadline);
    if (absl::IsNotFound(next.status())) break;
    if (!next.ok()) co_return next.status();
    sequence = next->stream_sequence() + 1;
    v1::TurnRetried attempt;
    const std::string_view payload = next->payload();
    if (next->Header(kHeaderWorkSequence) == StrCat(work_sequence) &&
        attempt.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      attempts.push_back(std::move(attempt));
    }
  }
  co_return attempts;
}

Awaitable<absl::Status> DeadTurns::Bury(const bus::Message* message, std::string reason,
                                        v1::TurnRetried last) {
  const std::string subject = StoredSubject(*message);
  const Place place = PlaceOf(subject);
  absl::StatusOr<std::vector<v1::TurnRetried>> attempts =
      co_await History(place.suffix, message->stream_sequence());
  if (!attempts.ok()) co_return attempts.status();
  const uint64_t deliveries = last.delivery();
  if (!last.reason().empty()) attempts->push_back(std::move(last));
  runtime::DeadLetterNote note;
  note.origin = place.origin;
  note.suffix = place.suffix;
  note.reason = reason;
  note.deliveries = deliveries;
  note.history = JoinHistory(*attempts, deliveries);
  absl::Status stored =
      co_await runtime::DeadLetter(bus_, std::move(note), message, Deadline::After(kBuryLimit));
  if (!stored.ok()) co_return stored;
  Buried(place.origin).Increment();
  log::Error("a message of WORK could not be handled and went to DEAD",
             {{"subject", subject}, {"deliveries", deliveries}, {"reason", reason}});
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
