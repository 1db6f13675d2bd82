#include "cli/kb/load.h"

#include <map>
#include <memory>
#include <unordered_map>

#include "cli/failure.h"
#include "cli/kb/collect.h"
#include "cli/kb/front_matter.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/key_value.h"

namespace switchboard::cli::kb {
namespace {

// Enough to hide the round trip, few enough that the server's write buffer never grows.
constexpr size_t kInFlightMax = 64;
constexpr std::chrono::seconds kListWithin{60};

struct Upload {
  std::string key;
  std::string value;
  std::string origin;
};

// One upload of many, shared by its workers.
struct Progress {
  Progress(asio::io_context& io, std::vector<Upload> todo, Terminal& terminal)
      : uploads(std::move(todo)), terminal(terminal), finished(io) {}
  std::vector<Upload> uploads;
  Terminal& terminal;
  Timer finished;
  size_t next = 0;
  size_t done = 0;
  size_t workers = 0;
  absl::Status error;
};

void Show(const Progress& progress) {
  if (!progress.terminal.progress) return;
  const bool last = progress.done == progress.uploads.size();
  if (!last && progress.done % 25 != 0) return;
  progress.terminal.err << "\r" << progress.done << " of " << progress.uploads.size() << " written"
                        << (last ? "\n" : "") << std::flush;
}

Awaitable<void> Work(std::shared_ptr<Progress> progress, bus::Connection* connection) {
  bus::KeyValue bucket(*connection, kBucket);
  while (progress->error.ok() && progress->next < progress->uploads.size()) {
    Upload upload = std::move(progress->uploads[progress->next++]);
    absl::StatusOr<uint64_t> revision =
        co_await bucket.Put(upload.key, std::move(upload.value), Deadline::After(kAnswerWithin));
    if (!revision.ok()) {
      progress->error =
          absl::Status(revision.status().code(), StrCat(upload.origin, " could not be written: ",
                                                        std::string(revision.status().message())));
      break;
    }
    ++progress->done;
    Show(*progress);
  }
  if (--progress->workers == 0) progress->finished.cancel();
}

Awaitable<absl::Status> UploadAll(bus::Connection* connection, std::vector<Upload> uploads,
                                  Terminal* terminal) {
  auto progress = std::make_shared<Progress>(connection->io(), std::move(uploads), *terminal);
  progress->workers = std::min(kInFlightMax, progress->uploads.size());
  if (progress->workers == 0) co_return absl::OkStatus();
  progress->finished.expires_at(Timer::time_point::max());
  const size_t workers = progress->workers;
  for (size_t i = 0; i < workers; ++i) {
    asio::co_spawn(connection->io(), Work(progress, connection), asio::detached);
  }
  boost::system::error_code ignored;
  if (progress->workers > 0) {
    co_await progress->finished.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return progress->error;
}

struct Totals {
  std::map<std::string, size_t> of_kind;
  size_t added = 0, changed = 0, unchanged = 0;
};

// What differs from the bucket.
std::vector<Upload> Compare(const std::vector<Entry>& entries,
                            const std::vector<bus::KeyValueEntry>& present,
                            size_t payload_bytes_max, Totals& totals,
                            std::vector<std::string>& too_big) {
  std::unordered_map<std::string_view, std::string_view> known;
  for (const bus::KeyValueEntry& entry : present) known.emplace(entry.key, entry.value);
  std::vector<Upload> uploads;
  for (const Entry& entry : entries) {
    const std::string key = KeyOf(entry.value);
    std::string value = entry.value.SerializeAsString();
    ++totals.of_kind[key.substr(0, key.find('.'))];
    if (value.size() > payload_bytes_max) {
      too_big.push_back(StrCat(entry.origin, ": ", value.size(), " bytes, but the server takes ",
                               payload_bytes_max));
    }
    const auto before = known.find(key);
    if (before != known.end() && before->second == value) {
      ++totals.unchanged;
      continue;
    }
    ++(before == known.end() ? totals.added : totals.changed);
    uploads.push_back({key, std::move(value), entry.origin});
  }
  return uploads;
}

std::string TotalsLine(const Totals& totals) {
  static constexpr std::pair<const char*, const char*> kNames[] = {{"doc", "documents"},
                                                                   {"order", "orders"},
                                                                   {"product", "products"},
                                                                   {"customer", "customers"}};
  std::vector<std::string> parts;
  for (const auto& [kind, name] : kNames) {
    const auto found = totals.of_kind.find(kind);
    if (found != totals.of_kind.end()) parts.push_back(StrCat(found->second, " ", name));
  }
  return StrCat(StrJoin(parts, ", "), ": ", totals.added, " new, ", totals.changed, " changed, ",
                totals.unchanged, " unchanged");
}

Awaitable<absl::Status> Load(bus::Connection* connection, std::shared_ptr<Collected> collected,
                             int replicas, Terminal* terminal) {
  bus::KeyValue bucket(*connection, kBucket);
  absl::StatusOr<std::vector<bus::KeyValueEntry>> present =
      co_await bucket.List(Deadline::After(kListWithin));
  if (absl::IsNotFound(present.status())) {
    // Loaded before the first knowledge-retrieval has started: the bucket is made here, as it
    // would.
    absl::Status made = co_await bucket.Ensure(1, replicas, Deadline::After(kAnswerWithin));
    if (!made.ok()) co_return made;
    present = std::vector<bus::KeyValueEntry>();
  }
  if (!present.ok()) co_return present.status();
  Totals totals;
  std::vector<std::string> too_big;
  std::vector<Upload> uploads =
      Compare(collected->entries, *present, connection->payload_bytes_max(), totals, too_big);
  if (!too_big.empty()) co_return absl::InvalidArgumentError(StrJoin(too_big, "\n"));
  absl::Status status = co_await UploadAll(connection, std::move(uploads), terminal);
  if (!status.ok()) co_return status;
  terminal->out << TotalsLine(totals) << "\n";
  co_return absl::OkStatus();
}

absl::Status RunLoad(const Arguments& arguments, Terminal& terminal) {
  const std::string language = arguments.Get("language");
  if (!IsLanguageTag(language)) {
    return UsageError(StrCat("--language \"", language, "\" is no BCP 47 tag such as en or fr-CA"));
  }
  ASSIGN_OR_RETURN(const int replicas, arguments.Int("replicas", 1, 5));
  ASSIGN_OR_RETURN(Collected found, Collect(arguments.positionals(), language));
  for (const std::string& warning : found.warnings) {
    terminal.err << "note: " << PrintableLine(warning) << "\n";
  }
  if (arguments.Has("check")) {
    terminal.out << found.entries.size() << " entries are fine; nothing was written\n";
    return absl::OkStatus();
  }
  auto collected = std::make_shared<Collected>(std::move(found));
  return WithBus(arguments, [collected, replicas, &terminal](bus::Connection& connection) {
    return Load(&connection, collected, replicas, &terminal);
  });
}

std::vector<Flag> LoadFlags() {
  return {{"language", "tag", "Language of documents that name none.", "en"},
          {"check", "", "Only reads and checks the files."},
          {"replicas", "n", "Copies of the bucket, if it has to be made.", "1", "STREAM_REPLICAS"},
          NatsUrlFlag()};
}

}  // namespace

Command LoadCommand() {
  return {
      .name = "kb load",
      .positionals = "<folder|file>…",
      .about = "Loads Markdown and JSON lines into the knowledge of every replica; again is safe.",
      .positionals_min = 1,
      .positionals_max = 10000,
      .flags = LoadFlags(),
      .run = RunLoad};
}

Command PutCommand() {
  return {.name = "kb put",
          .positionals = "<file>",
          .about = "Adds or replaces what one file holds.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = LoadFlags(),
          .run = RunLoad};
}

}  // namespace switchboard::cli::kb
