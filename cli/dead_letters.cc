#include "cli/dead_letters.h"

#include <nlohmann/json.hpp>

#include "cli/session.h"
#include "cli/table.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/runtime/context.h"
#include "common/runtime/streams.h"

namespace switchboard::cli {
namespace {

struct Extent {
  uint64_t messages = 0, first = 0, last = 0;
};

Awaitable<absl::StatusOr<Extent>> ExtentOf(bus::Connection* connection, std::string stream) {
  std::string subject = StrCat("$JS.API.STREAM.INFO.", stream);
  absl::StatusOr<bus::Message> reply = co_await connection->Request(
      std::move(subject), bus::Headers{}, std::string(), Deadline::After(kAnswerWithin));
  if (!reply.ok()) co_return reply.status();
  const auto info = nlohmann::json::parse(reply->payload(), nullptr, false);
  if (!info.is_object() || !info.contains("state")) {
    co_return WithRemedy(absl::NotFoundError(StrCat("there is no stream ", stream)),
                         "start the mesh with make up");
  }
  const nlohmann::json& state = info["state"];
  co_return Extent{state.value("messages", uint64_t{0}), state.value("first_seq", uint64_t{0}),
                   state.value("last_seq", uint64_t{0})};
}

// The agent that gave the message up; a direct get tells the subject in a header of its own.
std::string Origin(std::string_view subject) {
  constexpr std::string_view kPrefix = "mesh.dead.";
  return std::string(subject.rfind(kPrefix, 0) == 0 ? subject.substr(kPrefix.size()) : subject);
}

Awaitable<absl::Status> List(bus::Connection* connection, uint64_t limit, Terminal* terminal) {
  absl::StatusOr<Extent> extent = co_await ExtentOf(connection, runtime::kDeadStream);
  if (!extent.ok()) co_return extent.status();
  if (extent->messages == 0) {
    terminal->out << "no dead letters\n";
    co_return absl::OkStatus();
  }
  uint64_t sequence = extent->first;
  if (extent->last >= limit) sequence = std::max(sequence, extent->last - limit + 1);
  Table table({"sequence", "origin", "came from", "type", "bytes", "reason"}, {Table::kRight});
  uint64_t shown = 0;
  for (; sequence <= extent->last; ++shown) {
    absl::StatusOr<bus::Message> letter = co_await bus::DirectGetNext(
        *connection, runtime::kDeadStream, "mesh.dead.>", sequence, Deadline::After(kAnswerWithin));
    if (absl::IsNotFound(letter.status())) break;
    if (!letter.ok()) co_return letter.status();
    const auto header = [&](const char* name) { return std::string(letter->Header(name)); };
    table.Add({StrCat(letter->stream_sequence()), Origin(header("Nats-Subject")),
               StrCat(header("Mesh-Dead-Subject"), " ", header("Mesh-Dead-Sequence")),
               header(runtime::kHeaderType), StrCat(letter->payload().size()),
               header("Mesh-Dead-Reason")});
    sequence = letter->stream_sequence() + 1;
  }
  terminal->out << table.Text() << shown << " of " << extent->messages << " dead letters\n";
  co_return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const int limit, arguments.Int("limit", 1, 10000));
  return WithBus(arguments, [limit, &terminal](bus::Connection& connection) {
    return List(&connection, static_cast<uint64_t>(limit), &terminal);
  });
}

}  // namespace

Command DeadLettersCommand() {
  return {.name = "dlq ls",
          .about = "Lists the newest messages that could not be handled, with their reasons.",
          .flags = {{"limit", "n", "How many.", "20"}, NatsUrlFlag()},
          .run = Run};
}

}  // namespace switchboard::cli
