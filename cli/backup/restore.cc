#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/backup/backup.h"
#include "cli/backup/database.h"
#include "cli/backup/files.h"
#include "cli/backup/manifest.h"
#include "cli/backup/progress.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/snapshot.h"
#include "common/runtime/streams.h"

namespace switchboard::cli::backup {
namespace {

struct Options {
  std::string folder;
  bool replace = false;
  bool analytics = true;
  bool check = false;
  int replicas = 0;
};

// What the names of analytics' consumers begin with.
constexpr char kAnalyticsConsumers[] = "analytics";

// Told by agents that have just started: nothing to keep.
constexpr const char* kOfNoWorth[] = {"mesh.event.agent.>", "mesh.event.alert.>"};

// What a stream holds that a restore would lose. An error other than NotFound is none: a stream
// whose leader is away may be full.
Awaitable<absl::StatusOr<uint64_t>> MessagesWorthKeeping(bus::Connection* connection,
                                                         std::string stream) {
  absl::StatusOr<bus::StreamState> state =
      co_await bus::ReadStreamState(*connection, stream, Deadline::After(kAnswerWithin));
  if (absl::IsNotFound(state.status())) co_return 0;
  if (!state.ok()) co_return state.status();
  uint64_t messages = state->messages;
  if (stream != runtime::kEventsStream) co_return messages;
  for (const char* subjects : kOfNoWorth) {
    std::string filter = subjects;
    absl::StatusOr<std::map<std::string, uint64_t>> counts = co_await bus::CountBySubject(
        *connection, stream, std::move(filter), Deadline::After(kAnswerWithin));
    if (!counts.ok()) co_return counts.status();
    for (const auto& [subject, count] : *counts) messages -= std::min(messages, count);
  }
  co_return messages;
}

Awaitable<absl::Status> CheckStreams(bus::Connection* connection, const Manifest* manifest) {
  std::vector<std::string> taken;
  for (const Stream& stream : manifest->streams) {
    std::string name = stream.name;
    absl::StatusOr<uint64_t> messages = co_await MessagesWorthKeeping(connection, std::move(name));
    if (!messages.ok()) {
      absl::Status unknown = WithRemedy(
          absl::UnavailableError(
              StrCat("whether stream ", stream.name,
                     " holds anything is not known: ", messages.status().message())),
          "nothing was changed; run it again when JetStream answers (nats stream report)");
      co_return unknown;
    }
    if (*messages > 0) taken.push_back(StrCat(stream.name, " (", *messages, " messages)"));
  }
  if (taken.empty()) co_return absl::OkStatus();
  absl::Status exists = WithRemedy(
      absl::AlreadyExistsError(StrCat("these streams are not empty: ", StrJoin(taken, ", "))),
      "nothing was changed; add --replace to lose what they hold");
  co_return exists;
}

// A snapshot is taken while consumers go on: one may have come further than the messages taken
// (nats-server issues 5412, 7693), and would pass over what is stored next. Its owner makes it anew
// and reads from the start; every consumer of the mesh bears that.
// Analytics' own are set back too when its database is not of the same backup: what they have
// passed would be missing there.
Awaitable<absl::Status> SetBackConsumers(bus::Connection* connection, std::string stream,
                                         uint64_t last_sequence, bool with_database,
                                         Terminal* terminal) {
  absl::StatusOr<std::vector<bus::ConsumerPosition>> consumers =
      co_await bus::ListConsumers(*connection, stream, Deadline::After(kAnswerWithin));
  if (!consumers.ok()) co_return consumers.status();
  for (const bus::ConsumerPosition& consumer : *consumers) {
    const bool ahead =
        std::max(consumer.delivered_sequence, consumer.ack_floor_sequence) > last_sequence;
    const bool counts_anew = !with_database && consumer.name.starts_with(kAnalyticsConsumers);
    if (!ahead && !counts_anew) continue;
    absl::Status removed = co_await bus::DeleteConsumer(*connection, stream, consumer.name,
                                                        Deadline::After(kAnswerWithin));
    if (!removed.ok()) co_return removed;
    terminal->out << stream << ": consumer " << consumer.name
                  << (ahead ? " was ahead of its stream and begins anew\n"
                            : " begins anew, as its database is another one\n");
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> PutStream(bus::Connection* connection, const Options* options,
                                  const Stream* stream, bool with_database, Terminal* terminal) {
  absl::StatusOr<std::string> description = ReadWhole(options->folder, stream->description.path);
  if (!description.ok()) co_return description.status();
  absl::StatusOr<Reader> reader = Reader::Open(options->folder, stream->content.path);
  if (!reader.ok()) co_return reader.status();
  absl::Status removed =
      co_await bus::DeleteStream(*connection, stream->name, Deadline::After(kAnswerWithin));
  if (!removed.ok() && !absl::IsNotFound(removed)) co_return removed;
  Progress progress(*terminal, stream->name, stream->content.bytes);
  bus::RestoreOptions restore;
  restore.replicas = options->replicas;
  absl::StatusOr<bus::StreamState> state = co_await bus::RestoreStream(
      *connection, stream->name, *description,
      [raw = &*reader, &progress]() {
        absl::StatusOr<std::string> piece = raw->Next(bus::kSnapshotPieceBytes);
        if (piece.ok()) progress.Add(piece->size());
        return piece;
      },
      restore);
  if (!state.ok()) co_return state.status();
  terminal->out << stream->name << ": " << state->messages << " messages";
  if (state->messages != stream->state.messages) {
    // Written while the snapshot was taken, or past the stream's age since.
    terminal->out << " (" << stream->state.messages << " when the backup began)";
  }
  terminal->out << "\n";
  co_return co_await SetBackConsumers(connection, stream->name, state->last_sequence, with_database,
                                      terminal);
}

// One thing to put back.
struct Part {
  std::string name;
  // None: analytics' database.
  const Stream* stream = nullptr;
};

// The mesh goes on: its consumers read a stream as soon as it is there. So what they write to comes
// before what they read, otherwise it would replace what they have just written. Work comes last: a
// turn is conducted with its conversation, and what becomes of it is kept.
std::vector<Part> InOrder(const Manifest& manifest, bool with_database) {
  const auto rank = [](const Part& part) {
    if (part.name == runtime::kEventsStream) return 1;
    if (part.name == runtime::kTurnsStream) return 2;
    // After the streams: the agent counts anew what they hold, and must not find the old ones.
    if (part.stream == nullptr) return 3;
    return part.name == runtime::kWorkStream ? 4 : 0;
  };
  std::vector<Part> parts;
  for (const Stream& stream : manifest.streams) parts.push_back({stream.name, &stream});
  if (with_database) parts.push_back({"analytics", nullptr});
  std::stable_sort(parts.begin(), parts.end(),
                   [&](const Part& a, const Part& b) { return rank(a) < rank(b); });
  return parts;
}

// What has been put back when the command stops early.
void TellHalf(const std::vector<Part>& parts, size_t done, Terminal& terminal) {
  std::vector<std::string> restored, missing;
  for (size_t i = 0; i < parts.size(); ++i) {
    (i < done ? restored : missing).push_back(parts[i].name);
  }
  terminal.err << "the mesh is half restored. Restored: "
               << (restored.empty() ? "nothing" : StrJoin(restored, ", "))
               << ". Not restored: " << StrJoin(missing, ", ")
               << ", of which the first, TURNS and WORK may be gone.\n"
               << "Mend the cause and run the same command with --replace.\n";
}

// What consumers would still take from the old streams, and write over what is put back.
Awaitable<absl::Status> RemoveSources(bus::Connection* connection, const std::vector<Part>* parts) {
  for (const char* source : {runtime::kWorkStream, runtime::kTurnsStream}) {
    const auto named = [source](const Part& part) { return part.name == source; };
    if (std::none_of(parts->begin(), parts->end(), named)) continue;
    std::string name = source;
    absl::Status removed =
        co_await bus::DeleteStream(*connection, std::move(name), Deadline::After(kAnswerWithin));
    if (!removed.ok() && !absl::IsNotFound(removed)) co_return removed;
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> PutDatabase(bus::Connection* connection, const Options* options,
                                    const Analytics* analytics, Upload upload, Terminal* terminal) {
  absl::Status committed = co_await CommitDatabase(connection, upload);
  if (absl::IsNotFound(committed) || absl::IsUnavailable(committed)) {
    // Large streams took longer than the agent keeps an upload, or it was started again. Whether
    // its database may be replaced was settled before; now it has counted restored turns.
    absl::StatusOr<Upload> again =
        co_await SendDatabase(connection, options->folder, *analytics, /*replace=*/true, terminal);
    if (!again.ok()) co_return again.status();
    committed = co_await CommitDatabase(connection, *again);
  }
  if (!committed.ok()) co_return committed;
  terminal->out << "analytics: " << analytics->turns << " turns\n";
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Put(bus::Connection* connection, Options options, Manifest manifest,
                            Terminal* terminal) {
  if (!options.replace) {
    absl::Status empty = co_await CheckStreams(connection, &manifest);
    if (!empty.ok()) co_return empty;
  }
  Upload upload;
  const bool with_database = options.analytics && manifest.analytics.has_value();
  if (with_database) {
    absl::StatusOr<Upload> sent = co_await SendDatabase(
        connection, options.folder, *manifest.analytics, options.replace, terminal);
    if (!sent.ok()) co_return sent.status();
    upload = *std::move(sent);
  }
  // From here on the mesh changes.
  const std::vector<Part> parts = InOrder(manifest, with_database);
  absl::Status removed = co_await RemoveSources(connection, &parts);
  if (!removed.ok()) {
    TellHalf(parts, 0, *terminal);
    co_return removed;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    absl::Status put;
    if (part.stream != nullptr) {
      put = co_await PutStream(connection, &options, part.stream, with_database, terminal);
    } else {
      put = co_await PutDatabase(connection, &options, &*manifest.analytics, upload, terminal);
    }
    if (!put.ok()) {
      TellHalf(parts, i, *terminal);
      const char* what = part.stream != nullptr ? "stream " : "";
      absl::Status failed(put.code(), ToAbsl(StrCat(what, part.name, ": ", put.message())));
      co_return failed;
    }
  }
  terminal->out << "restored the backup of " << Printable(manifest.created_at) << "\n";
  if (options.replace) {
    terminal->out << "restart knowledge-retrieval: a running one keeps what it has read\n";
  }
  co_return absl::OkStatus();
}

// A single stream's backup as the `nats` tool writes it: no manifest, so nothing to compare with.
absl::StatusOr<Manifest> ReadOneStream(const std::string& folder, absl::Status no_manifest) {
  const auto description = ReadWhole(folder, "backup.json");
  auto described = Inspect(folder, "backup.json");
  auto content = Inspect(folder, "stream.tar.s2");
  if (!description.ok() || !described.ok() || !content.ok()) return no_manifest;
  const auto json = nlohmann::json::parse(*description, nullptr, false);
  if (!json.is_object() || !json.contains("config") || !json["config"].is_object()) {
    return no_manifest;
  }
  Stream stream;
  stream.name = json["config"].value("name", "");
  if (json.contains("state")) stream.state.messages = json["state"].value("messages", uint64_t{0});
  stream.description = *std::move(described);
  stream.content = *std::move(content);
  Manifest manifest;
  manifest.created_at = StrCat("the stream ", stream.name, " (without a manifest)");
  manifest.streams.push_back(std::move(stream));
  return manifest;
}

absl::Status Run(const Arguments& arguments, Terminal& terminal) {
  Options options{arguments.positionals()[0], arguments.Has("replace"),
                  !arguments.Has("no-analytics"), arguments.Has("check"), 0};
  if (arguments.Has("replicas")) {
    ASSIGN_OR_RETURN(options.replicas, arguments.Int("replicas", 1, 5));
  }
  absl::StatusOr<Manifest> read = ReadManifest(options.folder);
  if (absl::IsNotFound(read.status())) read = ReadOneStream(options.folder, read.status());
  if (!read.ok()) return read.status();
  const Manifest manifest = *std::move(read);
  RETURN_IF_ERROR(Verify(options.folder, manifest));
  terminal.out << "backup of " << Printable(manifest.created_at) << ", " << manifest.streams.size()
               << " streams: every file is as it was written\n";
  if (options.check) return absl::OkStatus();
  return WithBus(arguments, [options, manifest, &terminal](bus::Connection& connection) {
    return Put(&connection, options, manifest, &terminal);
  });
}

}  // namespace

Command RestoreCommand() {
  return {.name = "restore",
          .positionals = "<folder>",
          .about = "Puts a backup back: streams, buckets, consumers and analytics' database.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {{"replace", "", "Also over streams and a database that hold something."},
                    {"check", "", "Only compare the files with the manifest."},
                    {"no-analytics", "", "Without analytics' database."},
                    {"replicas", "n", "Copies of each stream, where the cluster is another one."},
                    NatsUrlFlag()},
          .run = Run};
}

}  // namespace switchboard::cli::backup
