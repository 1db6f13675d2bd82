#include <memory>
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

namespace switchboard::cli::backup {
namespace {

struct Options {
  std::string folder;
  bool replace = false;
  bool analytics = true;
  bool check = false;
  int replicas = 0;
};

// What a stream holds that a restore would lose. A mesh that has just started has told of its
// agents already: that is nothing to keep.
Awaitable<absl::StatusOr<uint64_t>> MessagesWorthKeeping(bus::Connection* connection,
                                                         std::string stream) {
  std::string subject = StrCat("$JS.API.STREAM.INFO.", stream);
  std::string request = R"({"subjects_filter": ">"})";
  absl::StatusOr<bus::Message> reply = co_await connection->Request(
      std::move(subject), bus::Headers{}, std::move(request), Deadline::After(kAnswerWithin));
  if (!reply.ok()) co_return reply.status();
  const auto info = nlohmann::json::parse(reply->payload(), nullptr, false);
  if (!info.is_object() || !info.contains("state")) co_return 0;
  const nlohmann::json& state = info["state"];
  uint64_t messages = state.value("messages", uint64_t{0});
  const nlohmann::json subjects = state.value("subjects", nlohmann::json::object());
  for (const auto& [name, count] : subjects.items()) {
    if (name.starts_with("mesh.event.agent.") || name.starts_with("mesh.event.alert.")) {
      messages -= std::min(messages, count.get<uint64_t>());
    }
  }
  co_return messages;
}

Awaitable<absl::Status> CheckStreams(bus::Connection* connection, const Manifest* manifest) {
  std::vector<std::string> taken;
  for (const Stream& stream : manifest->streams) {
    std::string name = stream.name;
    absl::StatusOr<uint64_t> messages = co_await MessagesWorthKeeping(connection, std::move(name));
    if (!messages.ok()) co_return messages.status();
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
Awaitable<absl::Status> SetBackConsumers(bus::Connection* connection, std::string stream,
                                         uint64_t last_sequence, Terminal* terminal) {
  absl::StatusOr<std::vector<bus::ConsumerPosition>> consumers =
      co_await bus::ListConsumers(*connection, stream, Deadline::After(kAnswerWithin));
  if (!consumers.ok()) co_return consumers.status();
  for (const bus::ConsumerPosition& consumer : *consumers) {
    if (std::max(consumer.delivered_sequence, consumer.ack_floor_sequence) <= last_sequence) {
      continue;
    }
    absl::Status removed = co_await bus::DeleteConsumer(*connection, stream, consumer.name,
                                                        Deadline::After(kAnswerWithin));
    if (!removed.ok()) co_return removed;
    terminal->out << stream << ": consumer " << consumer.name
                  << " was ahead of its stream and begins anew\n";
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> PutStream(bus::Connection* connection, const Options* options,
                                  const Stream* stream, Terminal* terminal) {
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
  co_return co_await SetBackConsumers(connection, stream->name, state->last_sequence, terminal);
}

// What has been put back when the command stops early.
void TellHalf(const Manifest& manifest, size_t done, bool analytics, Terminal& terminal) {
  std::vector<std::string> restored, missing;
  if (analytics) restored.push_back("analytics");
  for (size_t i = 0; i < manifest.streams.size(); ++i) {
    (i < done ? restored : missing).push_back(manifest.streams[i].name);
  }
  terminal.err << "the mesh is half restored. Restored: "
               << (restored.empty() ? "nothing" : StrJoin(restored, ", "))
               << ". Not restored: " << StrJoin(missing, ", ") << ", of which " << missing[0]
               << " may be gone.\nMend the cause and run the same command with --replace.\n";
}

Awaitable<absl::Status> Put(bus::Connection* connection, Options options, Manifest manifest,
                            Terminal* terminal) {
  if (!options.replace) {
    absl::Status empty = co_await CheckStreams(connection, &manifest);
    if (!empty.ok()) co_return empty;
  }
  Upload upload;
  const bool analytics = options.analytics && manifest.analytics.has_value();
  if (analytics) {
    absl::StatusOr<Upload> sent = co_await SendDatabase(
        connection, options.folder, *manifest.analytics, options.replace, terminal);
    if (!sent.ok()) co_return sent.status();
    upload = *std::move(sent);
  }
  // From here on the mesh changes.
  if (analytics) {
    absl::Status committed = co_await CommitDatabase(connection, upload);
    if (!committed.ok()) {
      terminal->err << "analytics' database may be another one now; no stream was touched\n";
      co_return committed;
    }
    terminal->out << "analytics: " << manifest.analytics->turns << " turns\n";
  }
  for (size_t i = 0; i < manifest.streams.size(); ++i) {
    const Stream* stream = &manifest.streams[i];
    absl::Status put = co_await PutStream(connection, &options, stream, terminal);
    if (!put.ok()) {
      TellHalf(manifest, i, analytics, *terminal);
      absl::Status failed(put.code(), ToAbsl(StrCat("stream ", stream->name, ": ", put.message())));
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
