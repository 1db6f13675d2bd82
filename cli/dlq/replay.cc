#include <iostream>

#include "cli/dlq/commands.h"
#include "cli/dlq/dead_stream.h"
#include "cli/failure.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/bus/stream_admin.h"
#include "common/runtime/caller.h"
#include "common/runtime/context.h"
#include "common/runtime/streams.h"
#include "switchboard/v1/operator.pb.h"

namespace switchboard::cli::dlq {
namespace {

// Ids on one line; more are selected by origin.
constexpr size_t kIdsMax = 1000;
// Without --all.
constexpr uint64_t kReplayedMax = 100;

// Publishes the message where it was. The id makes it one, whoever else replays it at this moment.
Awaitable<absl::StatusOr<std::string>> Store(bus::Connection* connection, const Letter* letter) {
  absl::StatusOr<std::string> stream = co_await bus::StreamOfSubject(
      *connection, letter->from_subject, Deadline::After(kAnswerWithin));
  if (!stream.ok()) {
    absl::Status none =
        WithRemedy(absl::FailedPreconditionError(StrCat("no stream stores ", letter->from_subject)),
                   "it would be lost: send it by hand, or drop it");
    co_return absl::IsNotFound(stream.status()) ? none : stream.status();
  }
  bus::PublishOptions options;
  options.message_id = StrCat("replay-", letter->sequence);
  bus::Headers headers = letter->headers;
  // It may have been answered before it was given up, long ago: whoever takes it looks for that.
  std::erase_if(headers, [](const auto& h) { return h.first == runtime::kHeaderAttempt; });
  headers.emplace_back(runtime::kHeaderAttempt, "2");
  absl::StatusOr<bus::PublishAck> ack = co_await bus::PublishToStream(
      *connection, letter->from_subject, std::move(headers), letter->payload, std::move(options),
      Deadline::After(kAnswerWithin));
  if (!ack.ok()) co_return ack.status();
  co_return StrCat(ack->duplicate ? "stood already in " : "stored in ", *stream, " as ",
                   ack->sequence);
}

// Has the agent that gave it up handle it again.
Awaitable<absl::StatusOr<std::string>> Redeliver(bus::Connection* connection,
                                                 const Letter* letter) {
  v1::RedeliverRequest request;
  request.set_subject(letter->from_subject);
  request.set_payload(letter->payload);
  runtime::Context context;
  context.deadline = Deadline::After(kAnswerWithin);
  std::string subject = StrCat("mesh.operator.", letter->origin, ".redeliver");
  runtime::Caller caller(*connection, "switchboard-cli");
  absl::StatusOr<v1::RedeliverReply> reply = co_await caller.Call<v1::RedeliverReply>(
      std::move(subject), std::move(context), std::move(request));
  if (absl::IsUnavailable(reply.status()) && RemedyOf(reply.status()).empty()) {
    absl::Status away =
        WithRemedy(absl::UnavailableError(StrCat(letter->origin, " does not take it again")),
                   "is that agent running? see switchboard agents");
    co_return away;
  }
  if (!reply.ok()) co_return reply.status();
  co_return StrCat(letter->origin, ": ", reply->outcome());
}

Awaitable<absl::StatusOr<std::string>> ReplayOne(bus::Connection* connection, const Letter* letter,
                                                 bool dry_run) {
  absl::StatusOr<Replay> plan = PlanReplay(*letter);
  if (!plan.ok()) co_return plan.status();
  if (dry_run) {
    co_return *plan == Replay::kStore ? StrCat("would be stored at ", letter->from_subject)
                                      : StrCat("would be handed to ", letter->origin, " again");
  }
  absl::StatusOr<std::string> done = absl::UnknownError("");
  if (*plan == Replay::kStore) {
    done = co_await Store(connection, letter);
  } else {
    done = co_await Redeliver(connection, letter);
  }
  if (!done.ok()) co_return done;
  // Only now: whatever failed above has left it where it was.
  absl::Status removed = co_await bus::DeleteMessage(
      *connection, runtime::kDeadStream, letter->sequence, Deadline::After(kAnswerWithin));
  if (!removed.ok() && !absl::IsNotFound(removed)) {
    absl::Status kept(removed.code(),
                      ToAbsl(StrCat(*done, ", but the dead letter stays: ", removed.message())));
    co_return kept;
  }
  co_return done;
}

struct Choice {
  std::vector<uint64_t> ids;
  std::string origin;
  bool all = false;
  bool dry_run = false;
};

Awaitable<absl::Status> ReplayChosen(bus::Connection* connection, Choice choice,
                                     Terminal* terminal) {
  if (choice.ids.empty()) {
    Selection selection{choice.origin, choice.all ? 0 : kReplayedMax, /*newest=*/false};
    absl::StatusOr<Found> found = co_await Select(connection, std::move(selection));
    if (!found.ok()) co_return found.status();
    for (const Letter& letter : found->letters) choice.ids.push_back(letter.sequence);
    if (choice.ids.empty()) terminal->out << "no dead letters\n";
  }
  size_t failed = 0;
  for (const uint64_t id : choice.ids) {
    absl::StatusOr<Letter> letter = co_await Get(connection, id);
    absl::StatusOr<std::string> done =
        letter.status().ok() ? absl::UnknownError("") : letter.status();
    if (letter.ok()) done = co_await ReplayOne(connection, &*letter, choice.dry_run);
    if (done.ok()) {
      terminal->out << id << ": " << Printable(*done) << "\n";
    } else {
      ++failed;
      terminal->err << id << ": " << Printable(Describe(done.status())) << "\n";
    }
  }
  if (failed == 0) co_return absl::OkStatus();
  absl::Status some = absl::FailedPreconditionError(
      StrCat(failed, " of ", choice.ids.size(), " not replayed; they stay where they are"));
  co_return some;
}

absl::Status RunReplay(const Arguments& arguments, Terminal& terminal) {
  Choice choice;
  ASSIGN_OR_RETURN(choice.ids, ReadIds(arguments.positionals()));
  choice.origin = arguments.Get("origin");
  choice.all = arguments.Has("all");
  choice.dry_run = arguments.Has("dry-run");
  if (choice.ids.empty() && choice.origin.empty() && !choice.all) {
    return UsageError("dlq replay needs ids, or --origin, or --all");
  }
  if (!choice.ids.empty() && (choice.all || !choice.origin.empty())) {
    return UsageError("give either ids, or --origin and --all");
  }
  return WithBus(arguments, [choice, &terminal](bus::Connection& connection) {
    return ReplayChosen(&connection, choice, &terminal);
  });
}

Awaitable<absl::Status> DropChosen(bus::Connection* connection, std::vector<uint64_t> ids,
                                   Terminal* terminal) {
  size_t missing = 0;
  for (const uint64_t id : ids) {
    absl::Status removed = co_await bus::DeleteMessage(*connection, runtime::kDeadStream, id,
                                                       Deadline::After(kAnswerWithin));
    if (removed.ok()) {
      terminal->out << id << ": dropped\n";
    } else if (absl::IsNotFound(removed)) {
      ++missing;
      terminal->err << id << ": there is no such dead letter\n";
    } else {
      co_return removed;
    }
  }
  if (missing == 0) co_return absl::OkStatus();
  absl::Status some =
      WithRemedy(absl::NotFoundError(StrCat(missing, " of ", ids.size(), " were not there")),
                 "see switchboard dlq ls");
  co_return some;
}

absl::Status RunDrop(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, ReadIds(arguments.positionals()));
  if (!arguments.Has("yes")) {
    terminal.err << "drop " << ids.size() << (ids.size() == 1 ? " dead letter" : " dead letters")
                 << " for good? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "yes") {
      return WithRemedy(absl::CancelledError("nothing was dropped"), "answer y, or add --yes");
    }
  }
  return WithBus(arguments, [ids, &terminal](bus::Connection& connection) {
    return DropChosen(&connection, ids, &terminal);
  });
}

}  // namespace

Command ReplayCommand() {
  return {.name = "dlq replay",
          .positionals = "<id>…",
          .about = "Has dead letters handled once more, and removes those that were taken.",
          .positionals_min = 0,
          .positionals_max = kIdsMax,
          .flags = {{"origin", "name", "Those that this one gave up, the 100 oldest."},
                    {"all", "", "All of them, not 100; without --origin those of everybody."},
                    {"dry-run", "", "Only say what would be done."},
                    NatsUrlFlag()},
          .run = RunReplay};
}

Command DropCommand() {
  return {.name = "dlq drop",
          .positionals = "<id>…",
          .about = "Deletes dead letters for good.",
          .positionals_min = 1,
          .positionals_max = kIdsMax,
          .flags = {{"yes", "", "Without asking."}, NatsUrlFlag()},
          .run = RunDrop};
}

}  // namespace switchboard::cli::dlq
