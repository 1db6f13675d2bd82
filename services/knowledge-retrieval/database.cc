#include "services/knowledge-retrieval/database.h"

#include <sqlite3.h>

#include <cstdio>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

// Weights of title, section, keywords and body: a heading says what a passage answers, keywords are
// the customers' own words, but both are short. Chosen on testdata/questions.jsonl.
constexpr const char* kSchema = R"sql(
  PRAGMA journal_mode = MEMORY;
  PRAGMA synchronous = OFF;
  PRAGMA temp_store = MEMORY;
  CREATE TABLE passage(row INTEGER PRIMARY KEY, text TEXT NOT NULL);
  CREATE VIRTUAL TABLE terms USING fts5(title, section, keywords, body,
                                        tokenize = 'unicode61 remove_diacritics 0');
  INSERT INTO terms(terms, rank) VALUES('rank', 'bm25(4.0, 5.0, 3.0, 1.0)');
)sql";

void BindText(sqlite3_stmt* statement, int position, std::string_view text) {
  sqlite3_bind_text(statement, position, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

}  // namespace

void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::~Database() {
  for (Statement* statement :
       {&insert_terms_, &insert_text_, &delete_terms_, &delete_text_, &match_, &text_}) {
    statement->reset();
  }
  sqlite3_close(handle_);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  std::unique_ptr<Database> database(new Database);
  if (!path.empty()) std::remove(path.c_str());
  const char* name = path.empty() ? ":memory:" : path.c_str();
  if (sqlite3_open(name, &database->handle_) != SQLITE_OK) return database->Error(name);
  RETURN_IF_ERROR(database->Execute(kSchema));
  RETURN_IF_ERROR(database->Prepare(
      "INSERT INTO terms(rowid, title, section, keywords, body) VALUES(?, ?, ?, ?, ?)",
      database->insert_terms_));
  RETURN_IF_ERROR(
      database->Prepare("INSERT INTO passage(row, text) VALUES(?, ?)", database->insert_text_));
  RETURN_IF_ERROR(database->Prepare("DELETE FROM terms WHERE rowid = ?", database->delete_terms_));
  RETURN_IF_ERROR(database->Prepare("DELETE FROM passage WHERE row = ?", database->delete_text_));
  RETURN_IF_ERROR(database->Prepare(
      "SELECT rowid, rank FROM terms WHERE terms MATCH ? ORDER BY rank LIMIT ?", database->match_));
  RETURN_IF_ERROR(database->Prepare("SELECT text FROM passage WHERE row = ?", database->text_));
  return database;
}

absl::Status Database::Insert(int64_t row, const Fields& fields, std::string_view text) {
  sqlite3_bind_int64(insert_terms_.get(), 1, row);
  BindText(insert_terms_.get(), 2, fields.title);
  BindText(insert_terms_.get(), 3, fields.section);
  BindText(insert_terms_.get(), 4, fields.keywords);
  BindText(insert_terms_.get(), 5, fields.body);
  RETURN_IF_ERROR(Run(insert_terms_.get()));
  sqlite3_bind_int64(insert_text_.get(), 1, row);
  BindText(insert_text_.get(), 2, text);
  return Run(insert_text_.get());
}

absl::Status Database::Remove(int64_t row) {
  sqlite3_bind_int64(delete_terms_.get(), 1, row);
  RETURN_IF_ERROR(Run(delete_terms_.get()));
  sqlite3_bind_int64(delete_text_.get(), 1, row);
  return Run(delete_text_.get());
}

absl::Status Database::Match(const std::string& expression, int limit,
                             const std::function<void(int64_t, double)>& on_row) {
  BindText(match_.get(), 1, expression);
  sqlite3_bind_int(match_.get(), 2, limit);
  int code;
  while ((code = sqlite3_step(match_.get())) == SQLITE_ROW) {
    on_row(sqlite3_column_int64(match_.get(), 0), -sqlite3_column_double(match_.get(), 1));
  }
  absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Error("search");
  sqlite3_reset(match_.get());
  return status;
}

absl::StatusOr<std::string> Database::Text(int64_t row) {
  sqlite3_bind_int64(text_.get(), 1, row);
  absl::StatusOr<std::string> text = absl::NotFoundError("no such passage");
  if (sqlite3_step(text_.get()) == SQLITE_ROW) {
    text = std::string(reinterpret_cast<const char*>(sqlite3_column_text(text_.get(), 0)),
                       sqlite3_column_bytes(text_.get(), 0));
  }
  sqlite3_reset(text_.get());
  return text;
}

absl::Status Database::Execute(const char* sql) {
  return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                            : Error("index");
}

absl::Status Database::Prepare(const char* sql, Statement& statement) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  statement.reset(raw);
  return code == SQLITE_OK ? absl::OkStatus() : Error(sql);
}

absl::Status Database::Run(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Error("index");
  sqlite3_reset(statement);
  return status;
}

absl::Status Database::Error(std::string_view what) const {
  return absl::InternalError(StrCat("SQLite: ", what, ": ", sqlite3_errmsg(handle_)));
}

}  // namespace switchboard::knowledge_retrieval
