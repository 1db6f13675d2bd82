// SQLite's C interface with owners and statuses. No exceptions, no hidden retries.
//
// A Database belongs to one thread at a time: its user locks or stays on one thread.
//
//   ASSIGN_OR_RETURN(Database database, Database::Open("./analytics.db"));
//   ASSIGN_OR_RETURN(Statement insert, database.Prepare("INSERT INTO t(a) VALUES(?)"));
//   insert.Bind(1, "x");
//   RETURN_IF_ERROR(insert.Run());
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_backup;
struct sqlite3_stmt;

namespace switchboard::analytics {

// Ends with its database; must be destroyed before it.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, sqlite3_stmt* owned, std::string path)
      : database_(database), statement_(owned), path_(std::move(path)) {}
  Statement(Statement&& other) noexcept { *this = std::move(other); }
  Statement& operator=(Statement&& other) noexcept {
    std::swap(database_, other.database_);
    std::swap(statement_, other.statement_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~Statement();

  // Parameters count from 1. Text is copied.
  void Bind(int parameter, std::string_view value);
  void Bind(int parameter, const std::string& value) { Bind(parameter, std::string_view(value)); }
  void Bind(int parameter, const char* value) { Bind(parameter, std::string_view(value)); }
  void Bind(int parameter, int64_t value);
  void Bind(int parameter, double value);

  // True: a row is there. False: no more rows, and the statement is ready to be bound and run
  // again.
  absl::StatusOr<bool> Step();
  // Steps to the end and makes the statement ready for the next use.
  absl::Status Run();

  // Columns count from 0. Text lives until the next Step.
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string_view Text(int column) const;

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::string path_;
};

class Database {
 public:
  // Creates the file when it is missing, in WAL mode. `busy_timeout`: how long a statement waits
  // for another process's lock. Unavailable: the folder is missing, read-only or full. DataLoss:
  // the file is damaged or no SQLite database; the remedy says how to recover.
  static absl::StatusOr<Database> Open(const std::string& path,
                                       std::chrono::milliseconds busy_timeout);
  Database() = default;
  Database(Database&& other) noexcept { *this = std::move(other); }
  Database& operator=(Database&& other) noexcept {
    std::swap(database_, other.database_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~Database();

  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // One or more statements without parameters.
  absl::Status Execute(const std::string& sql);
  int64_t last_insert_id() const;
  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const;
  // Reads the whole file. DataLoss names the first damage found.
  absl::Status QuickCheck();
  const std::string& path() const { return path_; }
  sqlite3* get() const { return database_; }

 private:
  sqlite3* database_ = nullptr;
  std::string path_;
};

// Rolls back when destroyed before Commit.
class Transaction {
 public:
  // BEGIN IMMEDIATE takes the write lock at once, so that nothing fails half-way for want of it.
  static absl::StatusOr<Transaction> Begin(Database& database, bool write);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  absl::Status Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

// Copies `source` into `target`, some pages at a time, while other connections write to the same
// file: a read transaction on `source` holds the state of the beginning (WAL). Both must outlive
// it.
class PageCopy {
 public:
  static absl::StatusOr<PageCopy> Begin(Database& source, Database& target);
  PageCopy(PageCopy&& other) noexcept
      : source_(other.source_),
        target_(other.target_),
        backup_(std::exchange(other.backup_, nullptr)) {}
  PageCopy& operator=(PageCopy&&) = delete;
  ~PageCopy();
  // True when all is copied.
  absl::StatusOr<bool> Step(int pages);

 private:
  PageCopy(Database& source, Database& target, sqlite3_backup* backup)
      : source_(&source), target_(&target), backup_(backup) {}
  Database* source_;
  Database* target_;
  sqlite3_backup* backup_;
};

// What kind of fault of the storage an error is: "full", "damaged", "unwritable", "busy", "removed"
// or "other"; empty when it is none (a deadline, a wrong value).
std::string StorageFault(const absl::Status& status);
absl::Status WithStorageFault(absl::Status status, std::string_view fault);

}  // namespace switchboard::analytics
