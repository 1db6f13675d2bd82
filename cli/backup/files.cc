#include "cli/backup/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli::backup {
namespace {

namespace fs = std::filesystem;

constexpr size_t kReadBytes = 256 << 10;

absl::Status DiskError(const std::string& path, std::string_view what, int error) {
  return WithRemedy(
      absl::UnavailableError(StrCat(path, " cannot be ", what, ": ", std::strerror(error))),
      "see that the folder is writable and its disk has room");
}

}  // namespace

absl::Status PrepareFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    return DiskError(folder, "made a folder", error ? error.value() : ENOTDIR);
  }
  if (!fs::is_empty(folder, error) || error) {
    return WithRemedy(absl::AlreadyExistsError(StrCat(folder, " is not empty")),
                      "name a folder of its own for each backup");
  }
  fs::permissions(folder, fs::perms::owner_all, error);
  return absl::OkStatus();
}

absl::StatusOr<Writer> Writer::Create(const std::string& folder, const std::string& path) {
  const fs::path whole = fs::path(folder) / path;
  std::error_code error;
  fs::create_directories(whole.parent_path(), error);
  const int fd = open(whole.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return DiskError(whole.string(), "written", errno);
  return Writer(fd, path);
}

Writer::Writer(Writer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      file_(std::move(other.file_)),
      hash_(std::move(other.hash_)) {}

Writer::~Writer() {
  if (fd_ >= 0) close(fd_);
}

absl::Status Writer::Write(std::string_view piece) {
  hash_.Update(piece);
  file_.bytes += piece.size();
  while (!piece.empty()) {
    const ssize_t written = write(fd_, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskError(file_.path, "written", errno);
    piece.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<File> Writer::Close() {
  const bool stored = fsync(fd_) == 0;
  const int error = errno;
  close(std::exchange(fd_, -1));
  if (!stored) return DiskError(file_.path, "written", error);
  file_.sha256 = hash_.Hex();
  return file_;
}

absl::StatusOr<File> WriteWhole(const std::string& folder, const std::string& path,
                                std::string_view content) {
  ASSIGN_OR_RETURN(Writer writer, Writer::Create(folder, path));
  RETURN_IF_ERROR(writer.Write(content));
  return writer.Close();
}

absl::StatusOr<std::string> ReadWhole(const std::string& folder, const std::string& path) {
  ASSIGN_OR_RETURN(Reader reader, Reader::Open(folder, path));
  std::string whole;
  for (;;) {
    ASSIGN_OR_RETURN(const std::string piece, reader.Next(kReadBytes));
    if (piece.empty()) return whole;
    whole += piece;
  }
}

absl::StatusOr<File> Inspect(const std::string& folder, const std::string& path) {
  ASSIGN_OR_RETURN(Reader reader, Reader::Open(folder, path));
  File file{path, 0, ""};
  Sha256 hash;
  for (;;) {
    ASSIGN_OR_RETURN(const std::string piece, reader.Next(kReadBytes));
    if (piece.empty()) break;
    file.bytes += piece.size();
    hash.Update(piece);
  }
  file.sha256 = hash.Hex();
  return file;
}

absl::StatusOr<Reader> Reader::Open(const std::string& folder, const std::string& path) {
  std::ifstream file(fs::path(folder) / path, std::ios::binary);
  if (!file) return absl::NotFoundError("not there, or not readable");
  return Reader(std::move(file));
}

absl::StatusOr<std::string> Reader::Next(size_t bytes_max) {
  std::string piece(bytes_max, '\0');
  file_.read(piece.data(), static_cast<std::streamsize>(bytes_max));
  if (file_.bad()) return absl::UnavailableError("cannot be read");
  piece.resize(static_cast<size_t>(file_.gcount()));
  return piece;
}

}  // namespace switchboard::cli::backup
