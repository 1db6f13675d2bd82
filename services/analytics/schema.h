// The tables of the analytics database, and how an older file becomes a current one.
#pragma once

#include "absl/status/statusor.h"
#include "services/analytics/sqlite.h"

namespace switchboard::analytics {

// The version that this build reads and writes, kept in the file's `user_version`.
int SchemaVersion();

// Brings the file to SchemaVersion(), all steps and the new version number in one transaction.
// Gives the version that was found: 0 for a new file. FailedPrecondition: a newer build wrote the
// file.
absl::StatusOr<int> Migrate(Database& database);

}  // namespace switchboard::analytics
