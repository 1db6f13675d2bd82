// Transcripts and figures of completed turns in one SQLite file.
//
// All members block and may be called from any thread of a pool. Writing and reading have a
// connection each, so that WAL lets them overlap where the pool has more than one thread.
//
//   ASSIGN_OR_RETURN(auto store, Store::Open("./analytics.db"));
//   RETURN_IF_ERROR(store->InsertTurns(records).status());     // one transaction
//   ASSIGN_OR_RETURN(v1::SummaryReply summary, store->Summarize(window, deadline));
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "services/analytics/sqlite.h"
#include "services/analytics/window.h"
#include "switchboard/v1/agents.pb.h"
#include "switchboard/v1/event.pb.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::analytics {

class Store {
 public:
  // Opens the file, creating or migrating it as needed. Unavailable: it cannot be opened for
  // writing. DataLoss: it is damaged. FailedPrecondition: a newer build wrote it.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path);

  // True when nothing was stored yet at Open: whoever feeds the store starts from the beginning.
  bool empty() const { return empty_; }

  // Stores turns, all or none. A turn that is there already stays as it is, so that a second
  // delivery changes nothing. Gives the number of new ones. Records must pass CheckTurn.
  absl::StatusOr<int> InsertTurns(std::span<const v1::ConversationRecord> records);
  // The same for feedback, by feedback id. Entries must pass CheckFeedback.
  absl::StatusOr<int> InsertFeedback(std::span<const v1::FeedbackReceived> entries);

  // Everything SummaryReply names, over one consistent view. DeadlineExceeded when `deadline`
  // passes before the end.
  absl::StatusOr<v1::SummaryReply> Summarize(Window window, Deadline deadline);

  // Removes at most `rows_max` turns and as many pieces of feedback older than `before_ms`. Gives
  // the number removed: fewer than `rows_max` means that nothing is left to remove.
  absl::StatusOr<int> Prune(int64_t before_ms, int rows_max);

  // Ok when the file can be written right now.
  absl::Status Probe(int64_t now_ms);

  // Reads the whole file. DataLoss: it is damaged.
  absl::Status Check();

  struct Counts {
    int64_t turns = 0;
    int64_t feedback = 0;
  };
  absl::StatusOr<Counts> Count();

 private:
  Store() = default;

  std::mutex write_mutex_;
  Database writer_;
  std::mutex read_mutex_;
  Database reader_;
  bool empty_ = false;
};

// Ok for a record that can be stored: a turn with its two ids and its time. InvalidArgument
// otherwise.
absl::Status CheckTurn(const v1::ConversationRecord& record);
absl::Status CheckFeedback(const v1::FeedbackReceived& feedback);

}  // namespace switchboard::analytics
