#include "cli/backup/backup.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/backup/database.h"
#include "cli/backup/files.h"
#include "cli/backup/manifest.h"
#include "cli/backup/progress.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/snapshot.h"

namespace switchboard::cli::backup {
namespace {

// The order matters, because the mesh goes on meanwhile. Work before turns: what is answered in
// between is found answered when it is delivered again; the other way round it could be missing in
// both. Tickets last: they hold at least what the consumers in the snapshots have acknowledged.
// Analytics' database before all of them: restored, it reads the streams from their start, and has
// counted nothing that they do not hold.
constexpr const char* kStreams[] = {"WORK",         "TURNS",     "EVENTS",    "DEAD",
                                    "KV_knowledge", "KV_config", "KV_tickets"};

constexpr std::chrono::seconds kSilenceMax{30};

Awaitable<absl::StatusOr<Stream>> TakeStream(bus::Connection* connection, std::string folder,
                                             std::string name, Terminal* terminal) {
  Stream stream;
  stream.name = name;
  const std::string prefix = StrCat("streams/", name, "/");
  absl::StatusOr<Writer> writer = Writer::Create(folder, prefix + "stream.tar.s2");
  if (!writer.ok()) co_return writer.status();
  Progress progress(*terminal, name, 0);
  absl::StatusOr<bus::Snapshot> snapshot = co_await bus::SnapshotStream(
      *connection, name,
      [raw = &*writer, &progress](std::string_view piece) {
        progress.Add(piece.size());
        return raw->Write(piece);
      },
      kSilenceMax);
  if (!snapshot.ok()) co_return snapshot.status();
  absl::StatusOr<File> content = writer->Close();
  if (!content.ok()) co_return content.status();
  absl::StatusOr<File> description =
      WriteWhole(folder, prefix + "backup.json", snapshot->description);
  if (!description.ok()) co_return description.status();
  stream.state = snapshot->state;
  stream.content = *std::move(content);
  stream.description = *std::move(description);
  co_return stream;
}

struct Options {
  std::string folder;
  bool analytics = true;
};

Awaitable<absl::Status> Take(bus::Connection* connection, Options options, Terminal* terminal) {
  absl::Status prepared = PrepareFolder(options.folder);
  if (!prepared.ok()) co_return prepared;
  Manifest manifest;
  manifest.version = SWITCHBOARD_VERSION;
  manifest.created_at = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone());
  uint64_t bytes = 0;
  if (options.analytics) {
    absl::StatusOr<Analytics> analytics =
        co_await FetchDatabase(connection, options.folder, terminal);
    if (!analytics.ok()) co_return analytics.status();
    bytes += analytics->database.bytes;
    terminal->out << "analytics: " << analytics->turns << " turns, " << analytics->feedback
                  << " feedback, " << HumanBytes(analytics->database.bytes) << "\n";
    manifest.analytics = *std::move(analytics);
  }
  for (const char* name : kStreams) {
    absl::StatusOr<bus::StreamState> there =
        co_await bus::ReadStreamState(*connection, name, Deadline::After(kAnswerWithin));
    if (absl::IsNotFound(there.status())) {
      terminal->out << name << ": not there, left out\n";
      continue;
    }
    if (!there.ok()) co_return there.status();
    absl::StatusOr<Stream> stream = co_await TakeStream(connection, options.folder, name, terminal);
    if (!stream.ok()) {
      absl::Status failed(stream.status().code(),
                          ToAbsl(StrCat("stream ", name, ": ", stream.status().message())));
      co_return failed;
    }
    bytes += stream->content.bytes;
    terminal->out << name << ": " << stream->state.messages << " messages, "
                  << stream->state.consumers << " consumers, " << HumanBytes(stream->content.bytes)
                  << "\n";
    manifest.streams.push_back(*std::move(stream));
  }
  if (manifest.streams.empty()) {
    absl::Status none = WithRemedy(absl::NotFoundError("there are no streams to back up"),
                                   "start the mesh, or name its server with --nats-url");
    co_return none;
  }
  // Last: a folder without it is no backup.
  absl::StatusOr<File> written = WriteWhole(options.folder, "manifest.json", ToJson(manifest));
  if (!written.ok()) co_return written.status();
  terminal->out << "backup of " << HumanBytes(bytes) << " in " << options.folder << "\n";
  co_return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments, Terminal& terminal) {
  Options options{arguments.positionals()[0], !arguments.Has("no-analytics")};
  absl::Status status = WithBus(arguments, [options, &terminal](bus::Connection& connection) {
    return Take(&connection, options, &terminal);
  });
  if (!status.ok() && !absl::IsAlreadyExists(status)) {
    terminal.err << "note: " << options.folder
                 << " has no manifest.json: it is no finished backup and can be removed\n";
  }
  return status;
}

}  // namespace

Command BackupCommand() {
  return {.name = "backup",
          .positionals = "<folder>",
          .about = "Writes the mesh's streams, buckets and analytics' database into a new folder.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {{"no-analytics", "", "Without analytics' database."}, NatsUrlFlag()},
          .run = Run};
}

}  // namespace switchboard::cli::backup
