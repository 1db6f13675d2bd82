#include "services/analytics/sqlite.h"

#include <sqlite3.h>

#include <cmath>

#include "absl/strings/cord.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::analytics {
namespace {

constexpr char kFaultKey[] = "switchboard/storage-fault";

absl::Status Fault(absl::Status status, std::string_view fault, std::string_view remedy) {
  return WithStorageFault(WithRemedy(std::move(status), remedy), fault);
}

absl::Status ToStatus(sqlite3* database, int code, const std::string& path) {
  const char* what = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const std::string message = StrCat("analytics database ", path, ": ", what);
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Fault(absl::DataLossError(StrCat(message, "; the file is damaged")), "damaged",
                   "restore a backup (switchboard restore), or give up what is older than the "
                   "streams: switchboard analytics rebuild moves the file aside and reads TURNS "
                   "and EVENTS anew");
    case SQLITE_FULL:
      return Fault(absl::UnavailableError(message), "full",
                   "free space on its disk; what the streams have kept meanwhile is then counted "
                   "by itself");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Fault(absl::UnavailableError(message), "busy",
                   "another program holds the file: end it, or wait until it has finished");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Fault(absl::UnavailableError(message), "unwritable",
                   "check that the folder exists and that the agent's user may write to it and to "
                   "the file");
    case SQLITE_IOERR:
      return Fault(absl::UnavailableError(message), "other",
                   "check that the disk is mounted, writable, has space left and no errors in the "
                   "kernel's log");
    case SQLITE_INTERRUPT:
      return absl::DeadlineExceededError(StrCat(message, "; the deadline has passed"));
    case SQLITE_CONSTRAINT:
      return absl::FailedPreconditionError(message);
    default:
      return Fault(absl::InternalError(message), "other", "see the agent's log");
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

absl::Status Database::QuickCheck() {
  ASSIGN_OR_RETURN(Statement check, Prepare("PRAGMA quick_check(1)"));
  ASSIGN_OR_RETURN(const bool row, check.Step());
  if (row && check.Text(0) == "ok") return absl::OkStatus();
  absl::Status damaged = ToStatus(nullptr, SQLITE_CORRUPT, path_);
  return damaged;
}

absl::StatusOr<PageCopy> PageCopy::Begin(Database& source, Database& target) {
  // The read transaction begins with the first read.
  RETURN_IF_ERROR(source.Execute("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1;"));
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) {
    const int code = sqlite3_errcode(target.get());
    (void)source.Execute("ROLLBACK");
    return ToStatus(target.get(), code, target.path());
  }
  return PageCopy(source, target, backup);
}

absl::StatusOr<bool> PageCopy::Step(int pages) {
  const int code = sqlite3_backup_step(backup_, pages);
  if (code == SQLITE_DONE) return true;
  if (code == SQLITE_OK) return false;
  return ToStatus(nullptr, code, target_->path());
}

PageCopy::~PageCopy() {
  if (backup_ == nullptr) return;
  sqlite3_backup_finish(backup_);
  (void)source_->Execute("ROLLBACK");
}

std::string StorageFault(const absl::Status& status) {
  const auto fault = status.GetPayload(kFaultKey);
  return fault ? std::string(*fault) : std::string();
}

absl::Status WithStorageFault(absl::Status status, std::string_view fault) {
  status.SetPayload(kFaultKey, absl::Cord(ToAbsl(fault)));
  return status;
}

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
