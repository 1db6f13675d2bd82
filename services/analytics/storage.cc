#include "services/analytics/storage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/time/time.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/observability/metrics.h"

namespace switchboard::analytics {
namespace {

// SQLite's companions of a database in WAL mode.
constexpr const char* kCompanions[] = {"-wal", "-shm"};

void CountFault(const std::string& fault) {
  metrics::Counter("switchboard_storage_errors_total",
                   "Faults of the storage, by kind: full, damaged, unwritable, removed, busy, "
                   "other.",
                   {{"fault", fault}})
      .Increment();
}

absl::Status Removed(const std::string& path, std::string_view what) {
  return WithStorageFault(
      WithRemedy(absl::UnavailableError(StrCat("analytics database ", path, ": ", what)),
                 "the file that stands there now, or a new one, is taken and filled from the "
                 "streams; put a backup back with switchboard restore --replace"),
      "removed");
}

// Whether the disk gives what a batch needs: asked by taking it, because quotas and limits do not
// show in its free bytes.
absl::Status CheckSpace(const std::string& path) {
  const std::string ballast = path + ".space";
  const int fd = open(ballast.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    const int reason = errno;
    return WithStorageFault(
        WithRemedy(absl::UnavailableError(
                       StrCat("analytics database ", path, ": ", std::strerror(reason))),
                   "check that the folder exists and that the agent's user may write to it"),
        reason == ENOSPC ? "full" : "unwritable");
  }
  const int error = posix_fallocate(fd, 0, kSpaceBytesMin);
  close(fd);
  unlink(ballast.c_str());
  if (error == 0 || error == EINVAL || error == EOPNOTSUPP) return absl::OkStatus();
  return WithStorageFault(
      WithRemedy(absl::UnavailableError(StrCat("analytics database ", path,
                                               ": the disk has less than ", kSpaceBytesMin >> 20,
                                               " MiB left (", std::strerror(error), ")")),
                 "free space on its disk; what the streams have kept meanwhile is then counted by "
                 "itself"),
      "full");
}

}  // namespace

Storage::Storage(std::string path, std::function<void()> on_fault)
    : path_(std::move(path)),
      on_fault_(std::move(on_fault)),
      state_(absl::UnavailableError(StrCat("analytics database ", path_, ": not opened yet"))) {}

absl::StatusOr<Storage::Identity> Storage::Identify() const {
  struct stat found;
  if (stat(path_.c_str(), &found) != 0) return Removed(path_, "the file is not there");
  return Identity{found.st_dev, found.st_ino, found.st_size,
                  found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec};
}

absl::Status Storage::StillThere() const {
  ASSIGN_OR_RETURN(const Identity found, Identify());
  if (found.SameFile(used_)) return absl::OkStatus();
  return Removed(path_, "another file has taken its place");
}

void Storage::NoteLog() {
  struct stat found;
  if (stat(StrCat(path_, "-wal").c_str(), &found) == 0) log_inode_ = found.st_ino;
}

// SQLite leaves the log of a file that was moved away, and would apply it to the one that took its
// place. A log that came with the new file is left alone.
void Storage::RemoveOwnLog() {
  struct stat found;
  const std::string log = StrCat(path_, "-wal");
  if (log_inode_ == 0 || stat(log.c_str(), &found) != 0 || found.st_ino != log_inode_) return;
  for (const char* companion : kCompanions) unlink(StrCat(path_, companion).c_str());
}

absl::Status Storage::Fail(absl::Status status) {
  const std::string fault = StorageFault(status);
  CountFault(fault.empty() ? "other" : fault);
  store_.reset();
  if (fault == "removed") RemoveOwnLog();
  anew_ = false;
  doubtful_ = doubtful_ || fault == "removed" || fault == "damaged";
  if (fault == "damaged") {
    const absl::StatusOr<Identity> found = Identify();
    if (found.ok()) damaged_ = *found;
  }
  state_ = std::move(status);
  return state_;
}

absl::StatusOr<std::shared_ptr<Store>> Storage::Current() {
  std::lock_guard lock(mutex_);
  if (!state_.ok()) return state_;
  if (anew_) {
    return absl::UnavailableError(
        StrCat("analytics database ", path_, ": another file, its consumers are being set back"));
  }
  if (absl::Status there = StillThere(); !there.ok()) {
    (void)Fail(there);
    if (on_fault_) on_fault_();
    return there;
  }
  return store_;
}

void Storage::Note(const absl::Status& status) {
  if (StorageFault(status).empty()) return;
  {
    std::lock_guard lock(mutex_);
    if (!state_.ok()) return;
    (void)Fail(status);
  }
  if (on_fault_) on_fault_();
}

absl::Status Storage::OpenFile() {
  const std::string before = StorageFault(state_);
  if (before == "damaged") {
    const absl::StatusOr<Identity> found = Identify();
    if (found.ok() && *found == damaged_) return state_;
  }
  if (before == "full" || before == "other") RETURN_IF_ERROR(CheckSpace(path_));
  ASSIGN_OR_RETURN(std::unique_ptr<Store> opened, Store::Open(path_));
  if (before == "damaged") RETURN_IF_ERROR(opened->Check());
  ASSIGN_OR_RETURN(const Identity found, Identify());
  // An inode's number alone proves nothing: a new file may get that of the one just removed.
  anew_ = opened->empty() || doubtful_ || (used_.inode != 0 && !found.SameFile(used_));
  doubtful_ = false;
  used_ = found;
  store_ = std::move(opened);
  state_ = absl::OkStatus();
  return state_;
}

absl::Status Storage::Look(int64_t now_ms) {
  std::lock_guard lock(mutex_);
  if (state_.ok()) {
    if (absl::Status there = StillThere(); !there.ok()) return Fail(there);
  } else {
    // Counted once, when it began; how it is told may become clearer.
    if (absl::Status opened = OpenFile(); !opened.ok()) {
      if (StorageFault(opened) != StorageFault(state_)) return Fail(opened);
      state_ = opened;
      return opened;
    }
  }
  if (absl::Status written = store_->Probe(now_ms); !written.ok()) return Fail(written);
  NoteLog();
  return absl::OkStatus();
}

bool Storage::anew() const {
  std::lock_guard lock(mutex_);
  return anew_;
}

void Storage::Admit() {
  std::lock_guard lock(mutex_);
  anew_ = false;
}

absl::StatusOr<std::string> Storage::MoveAside(int64_t now_ms) {
  std::lock_guard lock(mutex_);
  if (StorageFault(state_) != "damaged") {
    return WithRemedy(
        absl::FailedPreconditionError(StrCat("analytics database ", path_, ": it is not damaged")),
        "nothing is moved; to replace it use switchboard restore --replace");
  }
  const std::string aside =
      StrCat(path_, ".corrupt-",
             absl::FormatTime("%Y%m%dT%H%M%SZ", absl::FromUnixMillis(now_ms), absl::UTCTimeZone()));
  for (const char* companion : kCompanions) {
    (void)std::rename(StrCat(path_, companion).c_str(), StrCat(aside, companion).c_str());
  }
  if (std::rename(path_.c_str(), aside.c_str()) != 0) {
    return absl::UnavailableError(
        StrCat("analytics database ", path_, ": cannot be moved aside: ", std::strerror(errno)));
  }
  doubtful_ = true;
  state_ = Removed(path_, "the damaged file was moved aside");
  return aside;
}

absl::Status Storage::Replace(const std::string& path) {
  std::lock_guard lock(mutex_);
  store_.reset();
  anew_ = false;
  doubtful_ = true;
  state_ = Removed(path_, "it is being replaced");
  // The write-ahead log belongs to the file that goes.
  for (const char* companion : kCompanions) unlink(StrCat(path_, companion).c_str());
  if (std::rename(path.c_str(), path_.c_str()) != 0) {
    return absl::UnavailableError(
        StrCat("analytics database ", path_, ": cannot be replaced: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace switchboard::analytics
