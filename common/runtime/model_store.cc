#include "common/runtime/model_store.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/bus/key_value.h"

namespace switchboard::runtime {
namespace {

// nats-server takes 1 MiB in a message unless told otherwise.
constexpr size_t kPartBytes = 512 << 10;
constexpr size_t kIdLength = 16;

std::string Key(const std::string& name) { return "model." + name; }
std::string PartKey(const std::string& id, uint32_t number) {
  return StrCat("model-part.", id, ".", number);
}

absl::Status CheckName(const std::string& name) {
  const bool valid = !name.empty() && name.size() <= 32 && absl::ascii_islower(name[0]) &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
                     });
  if (valid) return absl::OkStatus();
  return InvalidField("name", StrCat("\"", name, "\" is not the name of a model"),
                      "use lower-case letters, digits and -, beginning with a letter");
}

std::string ToJson(const ModelVersion& version) {
  return nlohmann::json{{"id", version.id},       {"sha256", version.sha256},
                        {"bytes", version.bytes}, {"parts", version.parts},
                        {"note", version.note},   {"at", version.at}}
      .dump();
}

}  // namespace

absl::StatusOr<ModelVersion> ModelStore::Parse(const std::string& value, bool deleted,
                                               uint64_t revision) {
  ModelVersion version;
  version.revision = revision;
  if (deleted) return version;
  const nlohmann::json json = nlohmann::json::parse(value, nullptr, /*allow_exceptions=*/false);
  try {
    version.sha256 = json.at("sha256").get<std::string>();
    version.bytes = json.at("bytes").get<uint64_t>();
    version.parts = json.at("parts").get<uint32_t>();
    version.note = json.value("note", "");
    version.at = json.value("at", "");
  } catch (const nlohmann::json::exception&) {
    return absl::DataLossError("the entry is no model version");
  }
  const bool plausible = version.sha256.size() == 64 && version.bytes > 0 &&
                         version.bytes <= kModelBytesMax &&
                         version.parts == (version.bytes + kPartBytes - 1) / kPartBytes;
  if (!plausible) return absl::DataLossError("the entry is no model version");
  version.id = version.sha256.substr(0, kIdLength);
  return version;
}

Awaitable<absl::Status> ModelStore::Ensure(int replicas, Deadline deadline) {
  return bus::KeyValue(connection_, kConfigBucket).Ensure(kVersionsMax, replicas, deadline);
}

Awaitable<absl::StatusOr<ModelVersion>> ModelStore::Put(std::string name, std::string bytes,
                                                        std::string note, Deadline deadline) {
  CO_RETURN_IF_ERROR(CheckName(name));
  if (bytes.empty() || bytes.size() > kModelBytesMax) {
    co_return absl::InvalidArgumentError(
        StrCat("a model has 1 to ", kModelBytesMax, " bytes, this one ", bytes.size()));
  }
  ModelVersion version;
  version.sha256 = Sha256Hex(bytes);
  version.id = version.sha256.substr(0, kIdLength);
  version.bytes = bytes.size();
  version.parts = static_cast<uint32_t>((bytes.size() + kPartBytes - 1) / kPartBytes);
  version.note = std::move(note);
  bus::KeyValue bucket(connection_, kConfigBucket);
  for (uint32_t part = 0; part < version.parts; ++part) {
    std::string piece = bytes.substr(part * kPartBytes, kPartBytes);
    absl::StatusOr<uint64_t> stored =
        co_await bucket.Put(PartKey(version.id, part), std::move(piece), deadline);
    if (!stored.ok()) co_return stored.status();
  }
  co_return co_await Use(std::move(name), std::move(version), deadline);
}

Awaitable<absl::StatusOr<ModelVersion>> ModelStore::Use(std::string name, ModelVersion version,
                                                        Deadline deadline) {
  absl::StatusOr<std::vector<ModelVersion>> before = co_await History(name, deadline);
  if (!before.ok()) co_return before.status();
  version.at = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
  bus::KeyValue bucket(connection_, kConfigBucket);
  std::string value = ToJson(version);
  absl::StatusOr<uint64_t> revision = co_await bucket.Put(Key(name), std::move(value), deadline);
  if (!revision.ok()) co_return revision.status();
  version.revision = *revision;
  // What is left behind costs room, not correctness: the next Put tries again.
  (void)co_await Forget(std::move(name), *std::move(before), deadline);
  co_return version;
}

Awaitable<absl::Status> ModelStore::Forget(std::string name, std::vector<ModelVersion> before,
                                           Deadline deadline) {
  absl::StatusOr<std::vector<ModelVersion>> now = co_await History(std::move(name), deadline);
  if (!now.ok()) co_return now.status();
  std::set<std::string> kept;
  for (const ModelVersion& version : *now) kept.insert(version.id);
  bus::KeyValue bucket(connection_, kConfigBucket);
  for (const ModelVersion& version : before) {
    if (version.id.empty() || !kept.insert(version.id).second) continue;
    for (uint32_t part = 0; part < version.parts; ++part) {
      absl::Status removed = co_await bucket.Delete(PartKey(version.id, part), deadline);
      if (!removed.ok()) co_return removed;
    }
  }
  co_return absl::OkStatus();
}

Awaitable<absl::StatusOr<ModelVersion>> ModelStore::Rollback(std::string name, Deadline deadline) {
  absl::StatusOr<std::vector<ModelVersion>> history = co_await History(name, deadline);
  if (!history.ok()) co_return history.status();
  if (history->empty() || history->back().id.empty()) {
    co_return absl::FailedPreconditionError(
        "the agents use the model they were shipped with; there is nothing before it");
  }
  // A rollback is itself a revision: going back twice goes two versions back, not there and back.
  size_t at = 0;
  while ((*history)[at].id != history->back().id) ++at;
  if (at == 0 && history->size() == kVersionsMax) {
    co_return absl::FailedPreconditionError(
        StrCat("the version before ", history->back().id, " is not kept any more"));
  }
  const bool to_shipped = at == 0 || (*history)[at - 1].id.empty();
  if (to_shipped) {
    absl::Status reset = co_await Reset(std::move(name), deadline);
    if (!reset.ok()) co_return reset;
    co_return ModelVersion();
  }
  ModelVersion target = (*history)[at - 1];
  absl::StatusOr<std::string> bytes = co_await Get(target, deadline);
  if (!bytes.ok()) {
    co_return absl::FailedPreconditionError(
        StrCat("version ", target.id,
               " cannot be read any more: ", std::string(bytes.status().message())));
  }
  co_return co_await Use(std::move(name), std::move(target), deadline);
}

Awaitable<absl::Status> ModelStore::Reset(std::string name, Deadline deadline) {
  CO_RETURN_IF_ERROR(CheckName(name));
  bus::KeyValue bucket(connection_, kConfigBucket);
  co_return co_await bucket.Delete(Key(name), deadline);
}

Awaitable<absl::StatusOr<std::vector<ModelVersion>>> ModelStore::History(std::string name,
                                                                         Deadline deadline) {
  CO_RETURN_IF_ERROR(CheckName(name));
  bus::KeyValue bucket(connection_, kConfigBucket);
  absl::StatusOr<std::vector<bus::KeyValueEntry>> entries =
      co_await bucket.History(Key(name), deadline);
  if (!entries.ok()) co_return entries.status();
  std::vector<ModelVersion> versions;
  for (const bus::KeyValueEntry& entry : *entries) {
    absl::StatusOr<ModelVersion> version = Parse(entry.value, entry.deleted, entry.revision);
    if (version.ok()) versions.push_back(*std::move(version));
  }
  co_return versions;
}

Awaitable<absl::StatusOr<std::string>> ModelStore::Get(ModelVersion version, Deadline deadline) {
  bus::KeyValue bucket(connection_, kConfigBucket);
  std::string bytes;
  bytes.reserve(version.bytes);
  for (uint32_t part = 0; part < version.parts; ++part) {
    absl::StatusOr<bus::KeyValueEntry> entry =
        co_await bucket.Get(PartKey(version.id, part), deadline);
    if (absl::IsNotFound(entry.status())) {
      co_return absl::DataLossError(StrCat("part ", part, " of ", version.parts, " is missing"));
    }
    if (!entry.ok()) co_return entry.status();
    bytes += entry->value;
    if (bytes.size() > version.bytes) break;
  }
  if (Sha256Hex(bytes) != version.sha256) {
    co_return absl::DataLossError("the parts are not what was stored: the checksum differs");
  }
  co_return bytes;
}

}  // namespace switchboard::runtime
