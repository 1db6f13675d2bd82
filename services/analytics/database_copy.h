// A consistent copy of the database in a file beside it, made while others write. Blocking.
//
//   ASSIGN_OR_RETURN(auto copy, DatabaseCopy::Begin("./analytics.db", "./analytics.db.copy-1"));
//   for (bool done = false; !done;) { ASSIGN_OR_RETURN(done, copy->Step()); }
//   ASSIGN_OR_RETURN(CopyFacts facts, copy->Finish());
//
// The file is removed with the object unless Finish succeeded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/analytics/sqlite.h"

namespace switchboard::analytics {

struct CopyFacts {
  int64_t bytes = 0;
  std::string sha256;
  int schema_version = 0;
  int64_t turns = 0;
  int64_t feedback = 0;
};

class DatabaseCopy {
 public:
  // ResourceExhausted: the disk has not room for the copy and as much again for what goes on being
  // written.
  static absl::StatusOr<std::unique_ptr<DatabaseCopy>> Begin(const std::string& source,
                                                             const std::string& target);
  ~DatabaseCopy();

  // Copies some 4 MiB, so that others get their turn between two steps; true at the end.
  absl::StatusOr<bool> Step();
  absl::StatusOr<CopyFacts> Finish();

 private:
  explicit DatabaseCopy(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  Database source_;
  Database target_;
  std::optional<PageCopy> pages_;
  bool finished_ = false;
};

// Facts of a database file that nobody has open. DataLoss: it is damaged. FailedPrecondition: a
// newer build wrote it.
absl::StatusOr<CopyFacts> Inspect(const std::string& path);

// Unavailable when it cannot be read.
absl::StatusOr<std::string> Sha256OfFile(const std::string& path);

// Removes a database file with its companions; what is not there is fine.
void RemoveDatabase(const std::string& path);

}  // namespace switchboard::analytics
