// Files of a backup: written with their hash, readable by their owner only, because they hold what
// customers wrote.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/backup/manifest.h"
#include "common/base/sha256.h"

namespace switchboard::cli::backup {

// Makes the folder; AlreadyExists when there is something in it.
absl::Status PrepareFolder(const std::string& folder);

class Writer {
 public:
  // `path` below `folder`; folders in between are made.
  static absl::StatusOr<Writer> Create(const std::string& folder, const std::string& path);
  Writer(Writer&& other) noexcept;
  ~Writer();

  // Unavailable: the disk does not take it.
  absl::Status Write(std::string_view piece);
  // On the disk for good.
  absl::StatusOr<File> Close();

 private:
  Writer(int fd, std::string path) : fd_(fd) { file_.path = std::move(path); }
  int fd_;
  File file_;
  Sha256 hash_;
};

absl::StatusOr<File> WriteWhole(const std::string& folder, const std::string& path,
                                std::string_view content);
absl::StatusOr<std::string> ReadWhole(const std::string& folder, const std::string& path);

// Size and hash as found.
absl::StatusOr<File> Inspect(const std::string& folder, const std::string& path);

// The pieces of a file, in order.
class Reader {
 public:
  static absl::StatusOr<Reader> Open(const std::string& folder, const std::string& path);
  // Empty at the end.
  absl::StatusOr<std::string> Next(size_t bytes_max);

 private:
  explicit Reader(std::ifstream file) : file_(std::move(file)) {}
  std::ifstream file_;
};

}  // namespace switchboard::cli::backup
