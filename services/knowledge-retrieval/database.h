// SQLite as the index needs it: two tables and five statements, with absl::Status for errors.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace switchboard::knowledge_retrieval {

// A passage's fields as analysed terms, joined with spaces.
struct Fields {
  std::string title, section, keywords, body;
};

class Database {
 public:
  // `path` empty: in memory. A file is created anew: the bucket is the store, this is a cache of
  // it.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);
  ~Database();

  absl::Status Begin() { return Execute("BEGIN"); }
  absl::Status Commit() { return Execute("COMMIT"); }
  void Rollback() { Execute("ROLLBACK").IgnoreError(); }

  absl::Status Insert(int64_t row, const Fields& fields, std::string_view text);
  absl::Status Remove(int64_t row);
  // The `limit` best rows of an FTS5 expression, best first, with their BM25 score (higher is
  // better).
  absl::Status Match(const std::string& expression, int limit,
                     const std::function<void(int64_t row, double score)>& on_row);
  // The passage's text. NotFound.
  absl::StatusOr<std::string> Text(int64_t row);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  Database() = default;
  absl::Status Execute(const char* sql);
  absl::Status Prepare(const char* sql, Statement& statement);
  absl::Status Run(sqlite3_stmt* statement);
  absl::Status Error(std::string_view what) const;

  sqlite3* handle_ = nullptr;
  Statement insert_terms_, insert_text_, delete_terms_, delete_text_, match_, text_;
};

}  // namespace switchboard::knowledge_retrieval
