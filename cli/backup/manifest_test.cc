#include "cli/backup/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/backup/files.h"
#include "cli/backup/progress.h"
#include "common/base/strings.h"
#include "common/testing/process.h"

namespace switchboard::cli::backup {
namespace {

using ::testing::HasSubstr;

class BackupFolder : public ::testing::Test {
 protected:
  Manifest MakeBackup() {
    Manifest manifest;
    manifest.created_at = "2026-11-20T08:00:00Z";
    manifest.version = "0.1.0";
    Stream stream;
    stream.name = "TURNS";
    stream.state.messages = 3;
    stream.description = *WriteWhole(path(), "streams/TURNS/backup.json", "{}");
    stream.content = *WriteWhole(path(), "streams/TURNS/stream.tar.s2", std::string(300000, 'c'));
    manifest.streams.push_back(stream);
    manifest.analytics = Analytics{1, 3, 0, *WriteWhole(path(), "analytics/analytics.db", "db")};
    EXPECT_TRUE(WriteWhole(path(), "manifest.json", ToJson(manifest)).ok());
    return manifest;
  }
  std::string path() const { return folder_.path() + "/backup"; }

  testing::TemporaryFolder folder_;
};

TEST_F(BackupFolder, IsReadAsItWasWritten) {
  const Manifest written = MakeBackup();
  const auto read = ReadManifest(path());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), ToJson(written));
  EXPECT_EQ(read->streams[0].content.bytes, 300000u);
  EXPECT_TRUE(Verify(path(), *read).ok());
}

TEST_F(BackupFolder, IsForItsOwnerOnly) {
  MakeBackup();
  const auto mode = std::filesystem::status(path() + "/analytics/analytics.db").permissions();
  EXPECT_EQ(mode & std::filesystem::perms::mask, static_cast<std::filesystem::perms>(0600));
}

TEST_F(BackupFolder, NamesEachFileThatIsNotAsWritten) {
  const Manifest manifest = MakeBackup();
  std::fstream(path() + "/streams/TURNS/stream.tar.s2", std::ios::in | std::ios::out) << "X";
  std::filesystem::remove(path() + "/analytics/analytics.db");
  const absl::Status status = Verify(path(), manifest);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("streams/TURNS/stream.tar.s2 (changed"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("analytics/analytics.db (not there"));
}

TEST_F(BackupFolder, WithoutItsManifestIsNoBackup) {
  EXPECT_TRUE(absl::IsNotFound(ReadManifest(folder_.path()).status()));
}

TEST_F(BackupFolder, IsNotWrittenOverAnother) {
  MakeBackup();
  EXPECT_TRUE(absl::IsAlreadyExists(PrepareFolder(path())));
  EXPECT_TRUE(PrepareFolder(folder_.path() + "/new/er").ok());
}

TEST(Manifest, RefusesWhatItMustNotTrust) {
  const std::string file = R"({"path": "PATH", "bytes": 1, "sha256": "x"})";
  const std::string whole = StrCat(
      R"({"format": FORMAT, "created_at": "t", "switchboard": "0", "streams": [], )",
      R"("analytics": {"schema_version": 1, "turns": 0, "feedback": 0, "file": )", file, "}}");
  struct Case {
    const char* what;
    std::string format, path;
    absl::StatusCode code;
  };
  const Case cases[] = {
      {"a file of the backup", "1", "analytics/analytics.db", absl::StatusCode::kOk},
      {"a file elsewhere", "1", "/etc/passwd", absl::StatusCode::kDataLoss},
      {"a file above", "1", "a/../../b", absl::StatusCode::kDataLoss},
      {"no file", "1", "", absl::StatusCode::kDataLoss},
      {"another format", "2", "a", absl::StatusCode::kFailedPrecondition},
      {"a format that is no number", "\"1\"", "a", absl::StatusCode::kDataLoss},
  };
  for (const Case& c : cases) {
    std::string text = whole;
    text.replace(text.find("FORMAT"), 6, c.format);
    text.replace(text.find("PATH"), 4, c.path);
    EXPECT_EQ(FromJson(text).status().code(), c.code) << c.what;
  }
  EXPECT_EQ(FromJson("[]").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(FromJson("{}").status().code(), absl::StatusCode::kDataLoss);
}

TEST(HumanBytes, HasTwoOrThreeDigits) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1234), "1.2 KB");
  EXPECT_EQ(HumanBytes(45'600'000), "46 MB");
}

}  // namespace
}  // namespace switchboard::cli::backup
