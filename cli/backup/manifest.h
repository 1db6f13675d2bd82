// What a backup's folder holds: `manifest.json`, written last, so that a folder without one is no
// finished backup.
//
//   manifest.json
//   streams/<STREAM>/backup.json, stream.tar.s2     as the `nats` tool's stream backup has them
//   analytics/analytics.db                          a whole SQLite database
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/bus/stream_admin.h"

namespace switchboard::cli::backup {

struct File {
  // Below the backup's folder, with forward slashes.
  std::string path;
  uint64_t bytes = 0;
  std::string sha256;
};

struct Stream {
  std::string name;
  bus::StreamState state;
  File description, content;
};

struct Analytics {
  uint32_t schema_version = 0;
  uint64_t turns = 0;
  uint64_t feedback = 0;
  File database;
};

struct Manifest {
  // RFC 3339.
  std::string created_at;
  // Of the command that wrote it.
  std::string version;
  // In the order in which they were taken.
  std::vector<Stream> streams;
  std::optional<Analytics> analytics;
};

// The layout this build reads and writes.
inline constexpr int kFormat = 1;

std::string ToJson(const Manifest& manifest);
// DataLoss: it is no manifest, or names files outside its folder. FailedPrecondition: another
// format.
absl::StatusOr<Manifest> FromJson(const std::string& text);

// NotFound: the folder is no finished backup.
absl::StatusOr<Manifest> ReadManifest(const std::string& folder);

// Reads every file and compares size and hash. DataLoss names each that differs.
absl::Status Verify(const std::string& folder, const Manifest& manifest);

}  // namespace switchboard::cli::backup
