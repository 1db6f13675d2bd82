#include "services/analytics/database_copy.h"

#include <array>
#include <filesystem>
#include <fstream>

#include "common/base/fault.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "services/analytics/schema.h"

namespace switchboard::analytics {
namespace {

// 4 MiB at SQLite's page size of 4 KiB: some ten milliseconds.
constexpr int kPagesAStep = 1024;
constexpr std::chrono::seconds kBusyTimeout{5};
constexpr size_t kReadBytes = 256 << 10;

absl::Status CheckRoom(const std::string& source, const std::string& target) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(source, error);
  const auto folder = std::filesystem::path(target).parent_path();
  const auto space = std::filesystem::space(folder.empty() ? "." : folder, error);
  if (error || space.available >= 2 * bytes) return absl::OkStatus();
  return WithRemedy(
      absl::ResourceExhaustedError(StrCat("no room for a copy of ", source, ": it has ", bytes,
                                          " bytes, the disk ", space.available, " left")),
      "free space on its disk, at least twice the database's size");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DatabaseCopy>> DatabaseCopy::Begin(const std::string& source,
                                                                  const std::string& target) {
  RETURN_IF_ERROR(CheckRoom(source, target));
  RemoveDatabase(target);
  auto copy = std::unique_ptr<DatabaseCopy>(new DatabaseCopy(target));
  ASSIGN_OR_RETURN(copy->source_, Database::Open(source, kBusyTimeout));
  ASSIGN_OR_RETURN(copy->target_, Database::Open(target, kBusyTimeout));
  ASSIGN_OR_RETURN(PageCopy pages, PageCopy::Begin(copy->source_, copy->target_));
  copy->pages_.emplace(std::move(pages));
  return copy;
}

DatabaseCopy::~DatabaseCopy() {
  pages_.reset();
  target_ = Database();
  if (!finished_) RemoveDatabase(path_);
}

absl::StatusOr<bool> DatabaseCopy::Step() { return pages_->Step(kPagesAStep); }

absl::StatusOr<CopyFacts> DatabaseCopy::Finish() {
  pages_.reset();
  // Closing writes the log into the file: one file is the whole.
  { const Database closed = std::exchange(target_, Database()); }
  ASSIGN_OR_RETURN(CopyFacts facts, Inspect(path_));
  finished_ = true;
  return facts;
}

absl::StatusOr<CopyFacts> Inspect(const std::string& path) {
  CopyFacts facts;
  {
    ASSIGN_OR_RETURN(Database database, Database::Open(path, kBusyTimeout));
    RETURN_IF_ERROR(database.QuickCheck());
    ASSIGN_OR_RETURN(facts.schema_version, Migrate(database));
    ASSIGN_OR_RETURN(
        Statement counts,
        database.Prepare("SELECT(SELECT COUNT(*) FROM turns),(SELECT COUNT(*) FROM feedback)"));
    RETURN_IF_ERROR(counts.Step().status());
    facts.turns = counts.Int(0);
    facts.feedback = counts.Int(1);
  }
  std::error_code error;
  facts.bytes = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (error) return absl::UnavailableError(StrCat(path, ": ", error.message()));
  ASSIGN_OR_RETURN(facts.sha256, Sha256OfFile(path));
  return facts;
}

absl::StatusOr<std::string> Sha256OfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::UnavailableError(StrCat(path, " cannot be read"));
  Sha256 hash;
  std::string piece(kReadBytes, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    hash.Update(std::string_view(piece).substr(0, static_cast<size_t>(file.gcount())));
  }
  if (file.bad()) return absl::UnavailableError(StrCat(path, " cannot be read"));
  return hash.Hex();
}

void RemoveDatabase(const std::string& path) {
  std::error_code ignored;
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(path + ending, ignored);
  }
}

}  // namespace switchboard::analytics
