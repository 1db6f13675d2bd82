#include "common/conversation/work_history.h"

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "common/runtime/call.h"
#include "common/runtime/streams.h"

namespace switchboard::conversation {
namespace {

// Attempts of one subject that are read at most: five deliveries, and again after each replay.
constexpr int kAttemptsReadMax = 100;
// Tells the attempts of this message from those of an earlier one with the same subject.
constexpr char kHeaderWorkSequence[] = "Mesh-Work-Sequence";

std::string RetriedSubject(const WorkPlace& place) {
  return StrCat("mesh.event.", place.origin, ".retried.", place.suffix);
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

WorkPlace PlaceOfWork(std::string_view subject) {
  constexpr std::string_view kPrefix = "mesh.work.";
  if (subject.starts_with(kPrefix)) subject.remove_prefix(kPrefix.size());
  const size_t dot = subject.find('.');
  if (dot == std::string_view::npos) return {.origin = "work", .suffix = ""};
  return {std::string(subject.substr(0, dot)), std::string(subject.substr(dot + 1))};
}

Awaitable<absl::Status> WorkHistory::Remember(const bus::Message* message,
                                              v1::TurnRetried attempt) {
  const std::string work_subject = bus::StoredSubject(*message);
  runtime::Context context = runtime::Context::FromMessage(*message);
  context.turn_id = attempt.turn_id();
  context.conversation_id = attempt.conversation_id();
  context.deadline = Deadline::After(kWriteLimit);
  bus::Headers headers = runtime::RequestHeaders(context, attempt.GetTypeName(), sender_);
  headers.emplace_back(runtime::kHeaderSummary,
                       StrCat("delivery ", attempt.delivery(), ": ", attempt.reason()));
  headers.emplace_back(kHeaderWorkSequence, StrCat(message->stream_sequence()));
  bus::PublishOptions options;
  options.message_id = StrCat("retried/", message->stream_sequence(), "/", attempt.delivery());
  std::string subject = RetriedSubject(PlaceOfWork(work_subject));
  std::string payload = runtime::Encode(attempt);
  absl::StatusOr<bus::PublishAck> ack =
      co_await bus::PublishToStream(bus_, std::move(subject), std::move(headers),
                                    std::move(payload), std::move(options), context.deadline);
  co_return ack.status();
}

Awaitable<absl::StatusOr<std::vector<v1::TurnRetried>>> WorkHistory::Read(WorkPlace place,
                                                                          uint64_t work_sequence) {
  const std::string subject = RetriedSubject(place);
  const Deadline deadline = Deadline::After(kWriteLimit);
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

Awaitable<absl::Status> WorkHistory::Bury(const bus::Message* message, std::string reason,
                                          v1::TurnRetried last) {
  const std::string subject = bus::StoredSubject(*message);
  const WorkPlace place = PlaceOfWork(subject);
  absl::StatusOr<std::vector<v1::TurnRetried>> attempts =
      co_await Read(place, message->stream_sequence());
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
      co_await runtime::DeadLetter(bus_, std::move(note), message, Deadline::After(kWriteLimit));
  if (!stored.ok()) co_return stored;
  metrics::Counter("switchboard_work_dead_total", "Messages of WORK that went to DEAD",
                   {{"origin", place.origin}})
      .Increment();
  log::Error("a message of WORK could not be handled and went to DEAD",
             {{"subject", subject}, {"deliveries", deliveries}, {"reason", reason}});
  co_return absl::OkStatus();
}

}  // namespace switchboard::conversation
