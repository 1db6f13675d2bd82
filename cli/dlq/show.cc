#include <google/protobuf/util/time_util.h>

#include "cli/dlq/commands.h"
#include "cli/dlq/dead_stream.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/runtime/streams.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::cli::dlq {
namespace {

using google::protobuf::util::TimeUtil;

// A turn is tried five times; replayed a few times that is tens.
constexpr size_t kRetriesMax = 100;

Awaitable<absl::StatusOr<std::vector<Retry>>> ReadRetries(bus::Connection* connection,
                                                          std::string subject) {
  std::vector<Retry> retries;
  uint64_t sequence = 1;
  while (retries.size() < kRetriesMax) {
    absl::StatusOr<bus::Message> message = co_await bus::DirectGetNext(
        *connection, runtime::kEventsStream, subject, sequence, Deadline::After(kAnswerWithin));
    if (absl::IsNotFound(message.status())) break;
    if (!message.ok()) co_return message.status();
    sequence = message->stream_sequence() + 1;
    v1::TurnRetried event;
    if (!event.ParseFromString(std::string(message->payload()))) continue;
    retries.push_back(
        {TimeUtil::ToString(event.at()), event.delivery(), event.instance_id(), event.reason()});
  }
  co_return retries;
}

Awaitable<absl::Status> List(bus::Connection* connection, Selection selection, bool as_json,
                             Terminal* terminal) {
  absl::StatusOr<Found> found = co_await Select(connection, selection);
  if (!found.ok()) co_return found.status();
  if (as_json) {
    terminal->out << LettersJson(found->letters);
    co_return absl::OkStatus();
  }
  if (found->letters.empty()) {
    terminal->out << (selection.origin.empty()
                          ? "no dead letters\n"
                          : StrCat("no dead letters of ", selection.origin, "\n"));
    co_return absl::OkStatus();
  }
  terminal->out << FormatLetters(found->letters) << found->letters.size() << " of " << found->total
                << " dead letters\n";
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Show(bus::Connection* connection, uint64_t id, bool payload, bool as_json,
                             Terminal* terminal) {
  absl::StatusOr<Letter> letter = co_await Get(connection, id);
  if (!letter.ok()) co_return letter.status();
  std::vector<Retry> retries;
  std::string subject = RetriedSubject(*letter);
  if (!subject.empty()) {
    absl::StatusOr<std::vector<Retry>> read = co_await ReadRetries(connection, std::move(subject));
    if (!read.ok()) co_return read.status();
    retries = *std::move(read);
  }
  terminal->out << (as_json ? LetterJson(*letter, retries, payload)
                            : FormatLetter(*letter, retries, payload));
  co_return absl::OkStatus();
}

absl::Status RunList(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const int limit, arguments.Int("limit", 1, 10000));
  const Selection selection{arguments.Get("origin"), static_cast<uint64_t>(limit), true};
  const bool as_json = arguments.Has("json");
  return WithBus(arguments, [selection, as_json, &terminal](bus::Connection& connection) {
    return List(&connection, selection, as_json, &terminal);
  });
}

absl::Status RunShow(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, ReadIds(arguments.positionals()));
  const bool payload = arguments.Has("payload"), as_json = arguments.Has("json");
  return WithBus(arguments,
                 [id = ids[0], payload, as_json, &terminal](bus::Connection& connection) {
                   return Show(&connection, id, payload, as_json, &terminal);
                 });
}

}  // namespace

Command ListCommand() {
  return {
      .name = "dlq ls",
      .about = "Lists the newest messages that could not be handled, with their reasons.",
      .flags = {{"origin", "name", "Only those that this one gave up: turn, webhook, analytics."},
                {"limit", "n", "How many.", "20"},
                {"json", "", "One JSON object a line."},
                NatsUrlFlag()},
      .run = RunList};
}

Command ShowCommand() {
  return {.name = "dlq show",
          .positionals = "<id>",
          .about = "Shows one: reason, every attempt, headers, trace.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {{"payload", "", "Also what it holds: what a customer wrote."},
                    JsonFlag(),
                    NatsUrlFlag()},
          .run = RunShow};
}

}  // namespace switchboard::cli::dlq
