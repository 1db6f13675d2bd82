// The storage under faults of a real file and a real, tiny disk.
#include "services/analytics/storage.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "common/base/fault.h"
#include "common/testing/process.h"
#include "services/analytics/database_copy.h"

namespace switchboard::analytics {
namespace {

namespace fs = std::filesystem;
using google::protobuf::util::TimeUtil;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'790'000'000'000;

v1::ConversationRecord Turn(const std::string& turn, size_t text_bytes = 20) {
  v1::ConversationRecord record;
  record.mutable_conversation()->set_id("c1");
  *record.mutable_recorded_at() = TimeUtil::MillisecondsToTimestamp(kNow);
  record.mutable_turn()->set_text(std::string(text_bytes, 'x'));
  record.mutable_turn()->mutable_reply()->set_turn_id(turn);
  return record;
}

absl::StatusOr<int> Insert(Storage& storage, const std::string& turn, size_t text_bytes = 20) {
  const std::vector<v1::ConversationRecord> batch = {Turn(turn, text_bytes)};
  return storage.Use([&](Store& store) { return store.InsertTurns(batch); });
}

int64_t Turns(Storage& storage) {
  auto counts = storage.Use([](Store& store) { return store.Count(); });
  EXPECT_TRUE(counts.ok()) << counts.status();
  return counts.ok() ? counts->turns : -1;
}

class StorageTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.path() + "/analytics.db"; }
  void MustOpen(Storage& storage) {
    const absl::Status found = storage.Look(kNow);
    ASSERT_TRUE(found.ok()) << found;
    storage.Admit();
  }

  testing::TemporaryFolder folder_;
};

TEST_F(StorageTest, ANewFileIsUsedOnlyOnceItsFeederHasStartedOver) {
  Storage storage(path());
  EXPECT_FALSE(Insert(storage, "t1").ok()) << "nothing is open yet";
  ASSERT_TRUE(storage.Look(kNow).ok());
  EXPECT_TRUE(storage.anew());
  EXPECT_EQ(Insert(storage, "t1").status().code(), absl::StatusCode::kUnavailable);
  storage.Admit();
  EXPECT_EQ(*Insert(storage, "t1"), 1);
  Storage second(path());
  ASSERT_TRUE(second.Look(kNow).ok());
  EXPECT_FALSE(second.anew()) << "it holds turns: the consumers go on where they were";
}

TEST_F(StorageTest, ARemovedFileIsNoticedAndANewOneIsFilledFromTheStart) {
  int faults = 0;
  Storage storage(path(), [&] { ++faults; });
  MustOpen(storage);
  ASSERT_TRUE(Insert(storage, "t1").ok());
  fs::remove(path());
  const auto refused = Insert(storage, "t2");
  EXPECT_EQ(StorageFault(refused.status()), "removed") << refused.status();
  EXPECT_THAT(RemedyOf(refused.status()), HasSubstr("restore"));
  EXPECT_EQ(faults, 1);
  ASSERT_TRUE(storage.Look(kNow).ok());
  EXPECT_TRUE(storage.anew());
  storage.Admit();
  EXPECT_EQ(Turns(storage), 0);
}

TEST_F(StorageTest, AFilePutInItsPlaceIsTakenAndTheStreamsAreReadAgain) {
  Storage storage(path());
  MustOpen(storage);
  ASSERT_TRUE(Insert(storage, "t1").ok());
  const std::string other = folder_.path() + "/other.db";
  {
    auto store = Store::Open(other);
    ASSERT_TRUE((*store)->InsertTurns(std::vector{Turn("o1"), Turn("o2")}).ok());
  }
  fs::rename(other, path());
  EXPECT_EQ(StorageFault(storage.Look(kNow)), "removed");
  ASSERT_TRUE(storage.Look(kNow).ok());
  EXPECT_TRUE(storage.anew()) << "it has not seen what the old one had";
  storage.Admit();
  EXPECT_EQ(Turns(storage), 2);
}

// Makes the database large, closes it and writes over its middle.
void Damage(const std::string& path) {
  {
    auto store = Store::Open(path);
    ASSERT_TRUE(store.ok()) << store.status();
    std::vector<v1::ConversationRecord> batch;
    for (int i = 0; i < 500; ++i) batch.push_back(Turn("d" + std::to_string(i), 1000));
    ASSERT_TRUE((*store)->InsertTurns(batch).ok());
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(fs::file_size(path) - 8192, '\xA5');
}

TEST_F(StorageTest, ADamagedFileStaysWhereItIsUntilSomebodyDecides) {
  Damage(path());
  Storage storage(path());
  absl::Status found = storage.Look(kNow);
  if (found.ok()) {
    // The first page is whole: the damage shows when it is used.
    storage.Admit();
    found = Insert(storage, "t1").status();
  }
  ASSERT_EQ(StorageFault(found), "damaged") << found;
  EXPECT_THAT(RemedyOf(found), HasSubstr("switchboard analytics rebuild"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(StorageFault(storage.Look(kNow)), "damaged");
  EXPECT_TRUE(fs::exists(path()));

  const auto aside = storage.MoveAside(kNow);
  ASSERT_TRUE(aside.ok()) << aside.status();
  EXPECT_THAT(*aside, HasSubstr(path() + ".corrupt-2026"));
  EXPECT_TRUE(fs::exists(*aside)) << "nothing is thrown away";
  ASSERT_TRUE(storage.Look(kNow).ok());
  EXPECT_TRUE(storage.anew());
}

TEST_F(StorageTest, ADamagedFileThatWasMendedIsTakenAfterAFullCheck) {
  {
    auto store = Store::Open(path());
    ASSERT_TRUE((*store)->InsertTurns(std::vector{Turn("t1")}).ok());
  }
  const std::string good = folder_.path() + "/good.db";
  fs::copy_file(path(), good);
  std::ofstream(path(), std::ios::trunc) << std::string(8192, 'x');
  Storage storage(path());
  ASSERT_EQ(StorageFault(storage.Look(kNow)), "damaged");
  Damage(folder_.path() + "/worse.db");
  fs::copy_file(folder_.path() + "/worse.db", path(), fs::copy_options::overwrite_existing);
  EXPECT_EQ(StorageFault(storage.Look(kNow)), "damaged") << "another file, damaged too";
  fs::copy_file(good, path(), fs::copy_options::overwrite_existing);
  ASSERT_TRUE(storage.Look(kNow).ok());
  storage.Admit();
  EXPECT_EQ(Turns(storage), 1);
}

TEST_F(StorageTest, WhatIsNotDamagedIsNotMovedAside) {
  Storage storage(path());
  MustOpen(storage);
  EXPECT_EQ(storage.MoveAside(kNow).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(fs::exists(path()));
}

TEST_F(StorageTest, AFolderThatCannotBeWrittenIsNamedAndTakenOnceItCan) {
  const std::string folder = folder_.path() + "/closed";
  fs::create_directory(folder);
  // For root, permissions are no obstacle: the test is nobody for a while.
  const uid_t user = geteuid();
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  fs::permissions(folder_.path(), fs::perms::all);
  Storage storage(folder + "/analytics.db");
  ASSERT_TRUE(user != 0 || seteuid(65534) == 0);
  const absl::Status found = storage.Look(kNow);
  ASSERT_TRUE(user != 0 || seteuid(0) == 0);
  EXPECT_EQ(StorageFault(found), "unwritable") << found;
  EXPECT_THAT(RemedyOf(found), HasSubstr("may write"));
  fs::permissions(folder, fs::perms::owner_all);
  MustOpen(storage);
  EXPECT_EQ(*Insert(storage, "t1"), 1);
}

// A disk of 24 MiB of its own where the test may mount one; else a limit on the size of files.
class TinyDisk {
 public:
  explicit TinyDisk(std::string path) : path_(std::move(path)) {
    fs::create_directory(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=24m") == 0;
    getrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_IGN);
  }
  ~TinyDisk() {
    Free();
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  void Fill() {
    if (mounted_) {
      std::ofstream filler(path_ + "/filler", std::ios::binary);
      const std::string piece(4096, 'f');
      while (filler.write(piece.data(), 4096) && filler.flush()) {
      }
    } else {
      const rlimit low = {64 << 10, before_.rlim_max};
      setrlimit(RLIMIT_FSIZE, &low);
    }
  }
  void Free() {
    fs::remove(path_ + "/filler");
    setrlimit(RLIMIT_FSIZE, &before_);
  }

 private:
  const std::string path_;
  bool mounted_ = false;
  rlimit before_{};
};

TEST_F(StorageTest, AFullDiskRefusesWholeBatchesAndGoesOnOnceThereIsSpace) {
  TinyDisk disk(folder_.path() + "/disk");
  Storage storage(folder_.path() + "/disk/analytics.db");
  MustOpen(storage);
  ASSERT_EQ(*Insert(storage, "before"), 1);
  disk.Fill();
  const auto refused = Insert(storage, "during", 1 << 20);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT((std::vector<std::string>{"full", "other"}),
              ::testing::Contains(StorageFault(refused.status())));
  const absl::Status still = storage.Look(kNow);
  EXPECT_EQ(StorageFault(still), "full") << still;
  EXPECT_THAT(RemedyOf(still), HasSubstr("free space"));
  EXPECT_FALSE(storage.Use([](Store& store) { return store.Count(); }).ok());
  disk.Free();
  const absl::Status mended = storage.Look(kNow);
  ASSERT_TRUE(mended.ok()) << mended;
  EXPECT_FALSE(storage.anew()) << "the same file: what was given back comes again by itself";
  EXPECT_EQ(Turns(storage), 1);
  EXPECT_EQ(*Insert(storage, "during", 1 << 20), 1);
}

TEST_F(StorageTest, ACopyIsTheStateOfItsBeginningWhileOthersWrite) {
  Storage storage(path());
  MustOpen(storage);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Insert(storage, "t" + std::to_string(i), 1 << 20).ok());
  }
  const std::string target = folder_.path() + "/copy.db";
  auto copy = DatabaseCopy::Begin(path(), target);
  ASSERT_TRUE(copy.ok()) << copy.status();
  int steps = 0;
  for (bool done = false; !done; ++steps) {
    ASSERT_TRUE(Insert(storage, "later" + std::to_string(steps)).ok());
    const auto step = (*copy)->Step();
    ASSERT_TRUE(step.ok()) << step.status();
    done = *step;
  }
  EXPECT_GT(steps, 2);
  const auto facts = (*copy)->Finish();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->turns, 20);
  EXPECT_EQ(facts->bytes, static_cast<int64_t>(fs::file_size(target)));
  EXPECT_EQ(facts->sha256, *Sha256OfFile(target));
  EXPECT_EQ(Turns(storage), 20 + steps);

  ASSERT_TRUE(storage.Replace(target).ok());
  ASSERT_TRUE(storage.Look(kNow).ok());
  EXPECT_TRUE(storage.anew());
  storage.Admit();
  EXPECT_EQ(Turns(storage), 20);
}

}  // namespace
}  // namespace switchboard::analytics
