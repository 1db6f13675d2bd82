#include "services/analytics/schema.h"

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::analytics {
namespace {

// One entry a version; released entries are never edited, only followed by others.
//
// `turns` holds what is counted, `transcripts` what is read: a summary then walks small rows.
// `at_ms` is repeated in the child tables so that one index answers a window without a join.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE turns(
  id INTEGER PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  turn_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  channel TEXT NOT NULL,
  language TEXT NOT NULL,
  intent TEXT NOT NULL,
  confidence REAL NOT NULL,
  answered INTEGER NOT NULL,
  escalated INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  policy TEXT NOT NULL,
  degraded TEXT NOT NULL,
  priority TEXT NOT NULL,
  team TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  duration_ms REAL NOT NULL,
  model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost REAL NOT NULL,
  UNIQUE(conversation_id, turn_id)
);
CREATE INDEX turns_by_time ON turns(at_ms);
CREATE TABLE transcripts(
  turn INTEGER PRIMARY KEY REFERENCES turns(id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  reply TEXT NOT NULL
);
CREATE TABLE turn_agents(
  turn INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  name TEXT NOT NULL,
  duration_ms REAL NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY(turn, position)
) WITHOUT ROWID;
CREATE INDEX turn_agents_by_time ON turn_agents(at_ms, name, outcome, duration_ms);
CREATE TABLE turn_reasons(
  turn INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY(turn, position)
) WITHOUT ROWID;
CREATE INDEX turn_reasons_by_time ON turn_reasons(at_ms, reason);
CREATE TABLE feedback(
  feedback_id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  turn_id TEXT NOT NULL,
  rating INTEGER NOT NULL,
  comment TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX feedback_by_time ON feedback(at_ms, rating);
CREATE TABLE probe(id INTEGER PRIMARY KEY CHECK(id = 1), at_ms INTEGER NOT NULL);
)sql",
};

absl::StatusOr<int> Version(Database& database) {
  ASSIGN_OR_RETURN(Statement query, database.Prepare("PRAGMA user_version"));
  RETURN_IF_ERROR(query.Step().status());
  return static_cast<int>(query.Int(0));
}

}  // namespace

int SchemaVersion() { return static_cast<int>(std::size(kMigrations)); }

absl::StatusOr<int> Migrate(Database& database) {
  // A second replica that starts on the same file waits here and then finds the work done.
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database, /*write=*/true));
  ASSIGN_OR_RETURN(const int found, Version(database));
  if (found > SchemaVersion()) {
    return WithRemedy(absl::FailedPreconditionError(StrCat("analytics database ", database.path(),
                                                           ": its schema has version ", found,
                                                           ", this build knows ", SchemaVersion())),
                      "run the newer build, or give this one another file in ANALYTICS_DB");
  }
  for (int version = found; version < SchemaVersion(); ++version) {
    RETURN_IF_ERROR(database.Execute(kMigrations[version]));
    RETURN_IF_ERROR(database.Execute(StrCat("PRAGMA user_version=", version + 1)));
  }
  RETURN_IF_ERROR(transaction.Commit());
  return found;
}

}  // namespace switchboard::analytics
