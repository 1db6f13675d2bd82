#include "services/analytics/sqlite.h"

#include <sqlite3.h>

#include <cmath>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::analytics {
namespace {

absl::Status ToStatus(sqlite3* database, int code, const std::string& path) {
  const char* what = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const std::string message = StrCat("analytics database ", path, ": ", what);
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      // The stream still has the turns: a new file is filled from it (see Store::empty).
      return WithRemedy(absl::DataLossError(StrCat(message, "; the file is damaged")),
                        "restore a backup, or move the file away and start again: the turns that "
                        "the stream TURNS still holds are then read anew");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return WithRemedy(absl::UnavailableError(message),
                        "check that the folder exists, is writable and has space left");
    case SQLITE_INTERRUPT:
      return absl::DeadlineExceededError(StrCat(message, "; the deadline has passed"));
    case SQLITE_CONSTRAINT:
      return absl::FailedPreconditionError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::Bind(int parameter, std::string_view value) {
  sqlite3_bind_text64(statement_, parameter, value.data() == nullptr ? "" : value.data(),
                      value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Statement::Bind(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
}
void Statement::Bind(int parameter, double value) {
  // SQLite has no NaN and would store NULL; a figure that is none counts as zero.
  sqlite3_bind_double(statement_, parameter, std::isfinite(value) ? value : 0);
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  absl::Status status = absl::OkStatus();
  if (code != SQLITE_DONE) status = ToStatus(database_, code, path_);
  sqlite3_reset(statement_);
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const bool more, Step());
    if (!more) return absl::OkStatus();
  }
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Double(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

absl::StatusOr<Database> Database::Open(const std::string& path,
                                        std::chrono::milliseconds busy_timeout) {
  Database opened;
  opened.path_ = path;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &opened.database_, flags, nullptr);
  if (code != SQLITE_OK) return ToStatus(opened.database_, code, path);
  sqlite3_extended_result_codes(opened.database_, 1);
  sqlite3_busy_timeout(opened.database_, static_cast<int>(busy_timeout.count()));
  // FULL: what was committed survives a power cut, because the stream's acknowledgement follows it.
  RETURN_IF_ERROR(
      opened.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
  return opened;
}

Database::~Database() { sqlite3_close(database_); }

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return ToStatus(database_, code, path_);
  return Statement(database_, statement, path_);
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ToStatus(database_, code, path_);
}

int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(database_); }
int64_t Database::changes() const { return sqlite3_changes64(database_); }

absl::StatusOr<Transaction> Transaction::Begin(Database& database, bool write) {
  RETURN_IF_ERROR(database.Execute(write ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // An error may have rolled it back already; a second ROLLBACK then only says so.
  if (database_ != nullptr) (void)database_->Execute("ROLLBACK");
}

absl::Status Transaction::Commit() {
  RETURN_IF_ERROR(database_->Execute("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace switchboard::analytics
