// The database file over its life: opened, found broken, mended, replaced, without a restart of the
// agent.
//
// While something is wrong every use is refused with the reason and the remedy; Look, called again
// and again, opens the file as soon as it is well. A file that is not the one used before (new,
// restored, put in the place of a removed one) is `anew`: who feeds the store begins the streams
// from their start and then calls Admit. What the file holds already counts once.
//
// A damaged file is left where it is until an operator decides: it may hold 90 days, the streams
// hold 30 (README.md argues it).
//
// All members block; they may be called from any thread of a pool.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/analytics/store.h"

namespace switchboard::analytics {

// Free bytes that a full disk must have again before writing goes on: a batch of 256 turns at some
// 10 KB, its index pages, and both once more in the write-ahead log.
inline constexpr int64_t kSpaceBytesMin = 8 << 20;

class Storage {
 public:
  // Nothing is opened yet. `on_fault` is called, on the caller's thread, when a use finds the
  // storage broken.
  explicit Storage(std::string path, std::function<void()> on_fault = nullptr);

  // Looks at the file, opens it when it is not open, writes to it. Ok, or what is wrong.
  absl::Status Look(int64_t now_ms);

  // The store is open but not in use before Admit.
  bool anew() const;
  void Admit();

  // work(Store&) → Status or StatusOr. Unavailable while the storage is broken or not admitted. An
  // error of the storage ends the use of the file until Look finds it well.
  template <typename Work>
  std::invoke_result_t<Work, Store&> Use(Work work) {
    absl::StatusOr<std::shared_ptr<Store>> store = Current();
    if (!store.ok()) return store.status();
    auto result = work(**store);
    Note(StatusOf(result));
    return result;
  }

  // Moves a damaged file aside and gives its new name; Look then makes a new one.
  // FailedPrecondition: it is not damaged.
  absl::StatusOr<std::string> MoveAside(int64_t now_ms);

  // Puts the file at `path`, a whole database that nobody has open, in this one's place. Look opens
  // it.
  absl::Status Replace(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  // Which file a path leads to.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    int64_t bytes = 0;
    int64_t changed_ns = 0;
    bool SameFile(const Identity& other) const {
      return device == other.device && inode == other.inode;
    }
    bool operator==(const Identity&) const = default;
  };

  static const absl::Status& StatusOf(const absl::Status& status) { return status; }
  template <typename T>
  static const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
    return result.status();
  }

  absl::StatusOr<std::shared_ptr<Store>> Current();
  void Note(const absl::Status& status);
  // Those below hold the mutex.
  absl::Status StillThere() const;
  absl::Status Fail(absl::Status status);
  absl::Status OpenFile();
  absl::StatusOr<Identity> Identify() const;
  void NoteLog();
  void RemoveOwnLog();

  const std::string path_;
  const std::function<void()> on_fault_;
  mutable std::mutex mutex_;
  std::shared_ptr<Store> store_;
  // Why there is none; Ok while there is one.
  absl::Status state_;
  bool anew_ = false;
  // The file that is opened next may be another one.
  bool doubtful_ = false;
  // The file in use, or the last that was.
  Identity used_;
  // Inode of its write-ahead log, as last seen.
  ino_t log_inode_ = 0;
  // Set while the last fault was damage: this very content is not tried again.
  Identity damaged_;
};

}  // namespace switchboard::analytics
