#include "services/analytics/ingest.h"

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/stream_admin.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "common/runtime/streams.h"

namespace switchboard::analytics {
namespace {

constexpr std::chrono::seconds kApiDeadline{10};
// A cluster elects a leader for each stream and consumer, seconds each.
constexpr std::chrono::seconds kStartDeadline{30};
// One transaction a batch. At 256 turns the cost of the commit's fsync is below that of the rows.
constexpr int kBatchMax = 256;
constexpr char kFeedbackSubject[] = "mesh.event.feedback.received";

bus::ConsumerConfig ConsumerOf(const char* stream, const char* durable, const char* filter) {
  bus::ConsumerConfig config;
  config.stream = stream;
  config.durable = durable;
  config.filter_subject = filter;
  return config;
}

bus::Consumer::BatchOptions Batches() {
  bus::Consumer::BatchOptions options;
  options.batch_max = kBatchMax;
  return options;
}

template <typename Record>
struct Decoded {
  std::vector<Record> records;
  std::vector<std::pair<size_t, std::string>> rejects;
};

// `wanted` tells records to store from those to pass over; `check` finds what makes one unstorable.
template <typename Record, typename Wanted, typename Check>
Decoded<Record> Decode(std::span<const bus::Message> batch, Wanted wanted, Check check) {
  Decoded<Record> decoded;
  for (size_t i = 0; i < batch.size(); ++i) {
    const std::string_view payload = batch[i].payload();
    Record record;
    if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      decoded.rejects.emplace_back(i, StrCat("not a ", Record::descriptor()->full_name()));
      continue;
    }
    if (!wanted(record)) continue;
    if (const absl::Status status = check(record); !status.ok()) {
      decoded.rejects.emplace_back(i, std::string(status.message()));
      continue;
    }
    decoded.records.push_back(std::move(record));
  }
  return decoded;
}

struct Stored {
  absl::StatusOr<int> added = 0;
  size_t records = 0;
  std::vector<std::pair<size_t, std::string>> rejects;
};

void Count(const char* what, const Stored& stored) {
  static const char kName[] = "switchboard_analytics_records_total";
  static const char kHelp[] = "Records taken from the streams, by kind and what became of them.";
  const auto added = static_cast<double>(*stored.added);
  metrics::Counter(kName, kHelp, {{"kind", what}, {"outcome", "stored"}}).Increment(added);
  metrics::Counter(kName, kHelp, {{"kind", what}, {"outcome", "known"}})
      .Increment(static_cast<double>(stored.records) - added);
  metrics::Counter(kName, kHelp, {{"kind", what}, {"outcome", "dead"}})
      .Increment(static_cast<double>(stored.rejects.size()));
}

}  // namespace

Ingest::Ingest(runtime::Agent& agent, std::shared_ptr<Storage> storage)
    : agent_(agent),
      storage_(std::move(storage)),
      turns_(agent.bus(),
             ConsumerOf(runtime::kTurnsStream, kTurnsConsumer, "mesh.turn.completed.>"), Batches(),
             [this](std::span<const bus::Message> batch) { return HandleTurns(batch); }),
      feedback_(agent.bus(),
                ConsumerOf(runtime::kEventsStream, kFeedbackConsumer, kFeedbackSubject), Batches(),
                [this](std::span<const bus::Message> batch) { return HandleFeedback(batch); }) {}

Awaitable<absl::Status> Ingest::Prepare() {
  const int replicas = agent_.stream_replicas();
  co_return co_await runtime::EnsureMeshStreams(
      agent_.bus(), replicas, Deadline::After(kStartDeadline), agent_.work_messages_max());
}

Awaitable<absl::Status> Ingest::StartOver() {
  absl::Status status = co_await ForgetPosition(runtime::kTurnsStream, kTurnsConsumer);
  if (!status.ok()) co_return status;
  co_return co_await ForgetPosition(runtime::kEventsStream, kFeedbackConsumer);
}

Awaitable<absl::Status> Ingest::ForgetPosition(std::string stream, std::string consumer) {
  const Deadline deadline = Deadline::After(kStartDeadline);
  absl::StatusOr<bus::ConsumerPosition> position =
      co_await bus::ReadConsumerPosition(agent_.bus(), stream, consumer, deadline);
  if (absl::IsNotFound(position.status())) co_return absl::OkStatus();
  if (!position.ok()) co_return position.status();
  // It stands at the beginning. Another replica may be about to use it: deleting and creating a
  // consumer at once leaves a cluster's copies of it at odds.
  if (position->delivered_sequence == 0) co_return absl::OkStatus();
  // Consumer creates it anew when it finds it gone.
  co_return co_await bus::DeleteConsumer(agent_.bus(), std::move(stream), std::move(consumer),
                                         deadline);
}

void Ingest::Register() {
  agent_.Spawn(
      "turns", [this] { return turns_.Run(); }, [this] { turns_.Stop(); });
  agent_.Spawn(
      "feedback", [this] { return feedback_.Run(); }, [this] { feedback_.Stop(); });
}

Awaitable<absl::Status> Ingest::HandleTurns(std::span<const bus::Message> batch) {
  auto store = [batch, storage = storage_] {
    auto decoded = Decode<v1::ConversationRecord>(
        batch, [](const v1::ConversationRecord& record) { return !record.has_opened(); },
        CheckTurn);
    auto added = storage->Use([&](Store& open) { return open.InsertTurns(decoded.records); });
    return Stored{std::move(added), decoded.records.size(), std::move(decoded.rejects)};
  };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(store));
  Stored stored = co_await std::move(pending);
  if (!stored.added.ok()) co_return stored.added.status();
  Count("turn", stored);
  co_return co_await Bury(batch, std::move(stored.rejects));
}

Awaitable<absl::Status> Ingest::HandleFeedback(std::span<const bus::Message> batch) {
  auto store = [batch, storage = storage_] {
    auto decoded = Decode<v1::FeedbackReceived>(
        batch, [](const v1::FeedbackReceived&) { return true; }, CheckFeedback);
    auto added = storage->Use([&](Store& open) { return open.InsertFeedback(decoded.records); });
    return Stored{std::move(added), decoded.records.size(), std::move(decoded.rejects)};
  };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(store));
  Stored stored = co_await std::move(pending);
  if (!stored.added.ok()) co_return stored.added.status();
  Count("feedback", stored);
  co_return co_await Bury(batch, std::move(stored.rejects));
}

Awaitable<absl::Status> Ingest::Bury(std::span<const bus::Message> batch, Rejects rejects) {
  for (auto& [position, reason] : rejects) {
    log::Warning("message cannot be stored, goes to the dead letters",
                 {{"subject", batch[position].subject()},
                  {"sequence", batch[position].stream_sequence()},
                  {"reason", reason}});
    absl::Status status = co_await runtime::DeadLetter(agent_.bus(), "analytics", &batch[position],
                                                       reason, Deadline::After(kApiDeadline));
    if (!status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

namespace {

absl::Status NotStorable(const absl::Status& why) {
  return WithRemedy(
      absl::InvalidArgumentError(ToAbsl(StrCat("it cannot be stored: ", why.message()))),
      "correct who writes it; drop this one with switchboard dlq drop");
}

// Decodes one message and stores it: what the consumers do, for one that they gave up.
absl::StatusOr<v1::RedeliverReply> StoreOne(Storage& storage, const v1::RedeliverRequest& request) {
  v1::RedeliverReply reply;
  absl::StatusOr<int> added = 0;
  if (request.subject().rfind(runtime::kTurnCompletedPrefix, 0) == 0) {
    v1::ConversationRecord record;
    if (!record.ParseFromString(request.payload())) {
      return NotStorable(absl::InvalidArgumentError("not a switchboard.v1.ConversationRecord"));
    }
    if (record.has_opened()) {
      reply.set_outcome("nothing to do");
      return reply;
    }
    if (absl::Status good = CheckTurn(record); !good.ok()) return NotStorable(good);
    added = storage.Use([&](Store& store) { return store.InsertTurns({&record, 1}); });
  } else if (request.subject() == kFeedbackSubject) {
    v1::FeedbackReceived feedback;
    if (!feedback.ParseFromString(request.payload())) {
      return NotStorable(absl::InvalidArgumentError("not a switchboard.v1.FeedbackReceived"));
    }
    if (absl::Status good = CheckFeedback(feedback); !good.ok()) return NotStorable(good);
    added = storage.Use([&](Store& store) { return store.InsertFeedback({&feedback, 1}); });
  } else {
    return InvalidField("subject", "is none that analytics consumes",
                        "see services/analytics/README.md");
  }
  if (!added.ok()) return added.status();
  reply.set_outcome(*added == 1 ? "stored" : "known already");
  return reply;
}

}  // namespace

Awaitable<absl::StatusOr<v1::RedeliverReply>> Ingest::Redeliver(v1::RedeliverRequest request) {
  auto store = [storage = storage_, request = std::move(request)] {
    return StoreOne(*storage, request);
  };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(store));
  co_return co_await std::move(pending);
}

}  // namespace switchboard::analytics
