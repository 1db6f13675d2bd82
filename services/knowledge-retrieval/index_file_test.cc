// The index's file: what the next start has from it, and what becomes of a damaged one.
#include "services/knowledge-retrieval/index_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "common/base/file.h"
#include "common/base/strings.h"
#include "services/knowledge-retrieval/index.h"
#include "services/knowledge-retrieval/test_data.h"

namespace switchboard::knowledge_retrieval {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// In the order of their numbers; each answers the question "topic<n>".
std::vector<v1::KnowledgeEntry::Document> Documents() {
  std::vector<v1::KnowledgeEntry::Document> documents;
  for (int i = 0; i < 12; ++i) {
    documents.push_back(MakeDocument(
        StrCat("doc-", i), i % 2 == 0 ? "en" : "fr", StrCat("Guide topic", i),
        StrCat("## Part topic", i, "\n\nThe réglage of topic", i, " has ", i, " steps and ends."),
        {"setting"}));
  }
  return documents;
}

class IndexFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) /
              StrCat("index_file_", ::testing::UnitTest::GetInstance()->current_test_info()->name(),
                     "_", getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = folder_ / "index.sqlite";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<Index> OpenIndex() {
    auto index = Index::Open({.path = path_}, TestAnalyzer());
    EXPECT_TRUE(index.ok()) << index.status();
    return index.ok() ? *std::move(index) : nullptr;
  }
  void WriteFile() {
    const std::unique_ptr<Index> index = OpenIndex();
    for (const auto& document : Documents()) ASSERT_TRUE(index->Put(document).ok());
  }
  // Every document is there and is found by its own words only.
  static void ExpectAnswers(Index& index) {
    const auto documents = Documents();
    ASSERT_EQ(index.document_count(), documents.size());
    for (size_t i = 0; i < documents.size(); ++i) {
      const auto passages = index.Search({.text = StrCat("topic", i)}, 1);
      ASSERT_TRUE(passages.ok());
      ASSERT_EQ(passages->size(), 1u) << i;
      EXPECT_EQ(passages->front().document_id(), documents[i].id());
      EXPECT_THAT(passages->front().text(), HasSubstr(StrCat("The réglage of topic", i, " has")));
    }
  }
  std::string Read() const { return ReadFile(path_).value(); }
  void Write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(IndexFileTest, GivesTheNextStartWhatWasAnalysed) {
  WriteFile();
  const std::unique_ptr<Index> index = OpenIndex();
  EXPECT_THAT(index->TakeNotices(), IsEmpty());
  ExpectAnswers(*index);
}

TEST_F(IndexFileTest, FollowsWhatChangedMeanwhile) {
  WriteFile();
  const std::unique_ptr<Index> index = OpenIndex();
  auto documents = Documents();
  documents[1].set_title("Lamps");
  documents[1].set_content("A lamp needs a bulb.");
  for (size_t i = 0; i + 1 < documents.size(); ++i) ASSERT_TRUE(index->Put(documents[i]).ok());
  EXPECT_EQ(index->document_count(), 12u);  // the last one may still come
  index->OnCaughtUp();
  EXPECT_EQ(index->document_count(), 11u);
  EXPECT_EQ(index->Search({.text = "bulb of the lamp"}, 1)->at(0).document_id(), "doc-1");
  EXPECT_THAT(*index->Search({.text = "topic11"}, 1), IsEmpty());
}

TEST_F(IndexFileTest, KeepsWhatWasRemovedRemoved) {
  WriteFile();
  EXPECT_TRUE(OpenIndex()->Remove("doc-3"));
  EXPECT_EQ(OpenIndex()->document_count(), 11u);
}

TEST_F(IndexFileTest, WhatTheBucketNoLongerHasMakesRoom) {
  WriteFile();
  auto index = Index::Open({.path = path_, .passages_max = 12}, TestAnalyzer()).value();
  EXPECT_TRUE(index->Put(MakeDocument("new", "en", "Lamps", "A lamp.")).ok());
  EXPECT_EQ(index->document_count(), 1u);
}

TEST_F(IndexFileTest, MakesADamagedFileAnew) {
  WriteFile();
  const std::string whole = Read();
  std::string zeroed = whole;
  std::fill(zeroed.begin() + 100, zeroed.begin() + 4096, '\0');
  const struct {
    const char* what;
    std::string bytes;
  } cases[] = {
      {"cut in the middle of a page", whole.substr(0, whole.size() - 1500)},
      {"cut to half", whole.substr(0, whole.size() / 2 / 4096 * 4096)},
      {"cut to its head", whole.substr(0, 60)},
      {"the first page gone", zeroed},
      {"another kind of file", "{\"documents\": []}" + std::string(5000, ' ')},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    Write(c.bytes);
    {
      const std::unique_ptr<Index> index = OpenIndex();
      ASSERT_NE(index, nullptr);
      EXPECT_FALSE(index->TakeNotices().empty());
      EXPECT_LT(index->document_count(), 12u);
      for (const auto& document : Documents()) ASSERT_TRUE(index->Put(document).ok());
      ExpectAnswers(*index);
    }
    const std::unique_ptr<Index> again = OpenIndex();
    EXPECT_THAT(again->TakeNotices(), IsEmpty());
    ExpectAnswers(*again);
  }
}

TEST_F(IndexFileTest, MakesAnotherVersionsFileAnew) {
  WriteFile();
  const struct {
    const char* what;
    const char* sql;
  } cases[] = {
      {"another analysis", "UPDATE about SET analysis = 'analysis 0'"},
      {"another schema", "DROP TABLE document; CREATE TABLE document(number INTEGER)"},
      {"another program's tables", "DROP TABLE document; DROP TABLE about; CREATE TABLE about(x)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, c.sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
    const std::unique_ptr<Index> index = OpenIndex();
    ASSERT_NE(index, nullptr);
    EXPECT_THAT(index->TakeNotices(), ElementsAre(HasSubstr("made anew")));
    EXPECT_EQ(index->document_count(), 0u);
    for (const auto& document : Documents()) ASSERT_TRUE(index->Put(document).ok());
    ExpectAnswers(*index);
  }
}

TEST_F(IndexFileTest, AnalysesADamagedDocumentAgain) {
  WriteFile();
  std::string bytes = Read();
  const size_t at = bytes.find("The réglage of topic7");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 1] = 'X';
  Write(bytes);
  const std::unique_ptr<Index> index = OpenIndex();
  EXPECT_EQ(index->document_count(), 11u);
  EXPECT_THAT(index->TakeNotices(), ElementsAre(HasSubstr("doc-7")));
  for (const auto& document : Documents()) ASSERT_TRUE(index->Put(document).ok());
  ExpectAnswers(*index);
}

// Whatever one byte becomes: what is loaded is true, and the bucket makes the rest good.
TEST_F(IndexFileTest, NeverAnswersFromADamagedByte) {
  WriteFile();
  const std::string whole = Read();
  int harmed = 0;
  for (size_t at = 0; at < whole.size(); at += 61) {
    SCOPED_TRACE(at);
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    for (const char* ending : {"-wal", "-shm", "-journal"}) fs::remove(path_ + ending);
    Write(bytes);
    const std::unique_ptr<Index> index = OpenIndex();
    ASSERT_NE(index, nullptr);
    harmed += index->document_count() < 12;
    for (size_t i = 0; i < 12; ++i) {
      const auto passages = index->Search({.text = StrCat("topic", i)}, 1);
      if (passages->empty()) continue;
      EXPECT_THAT(passages->front().text(), HasSubstr(StrCat("The réglage of topic", i, " has")));
    }
    for (const auto& document : Documents()) ASSERT_TRUE(index->Put(document).ok());
    ExpectAnswers(*index);
  }
  EXPECT_GT(harmed, 10);
}

TEST_F(IndexFileTest, RefusesAFileThatAnotherProcessHas) {
  WriteFile();
  const std::unique_ptr<Index> first = OpenIndex();
  EXPECT_EQ(Index::Open({.path = path_}, TestAnalyzer()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Index::Open({.path = "/nowhere/at/all.sqlite"}, TestAnalyzer()).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(Encode, ComesBackAsItWent) {
  for (auto source : Documents()) {
    v1::KnowledgeEntry::Document::Question& question = *source.add_questions();
    question.set_text("Où est passé mon colis ?");
    question.set_language("fr");
    const AnalysedDocument document = Analyse(TestAnalyzer(), source);
    ASSERT_EQ(document.questions.size(), 1u);
    const std::string bytes = Encode(document);
    AnalysedDocument back;
    ASSERT_TRUE(Decode(bytes, back));
    EXPECT_EQ(Encode(back), bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      AnalysedDocument part;
      EXPECT_FALSE(Decode(std::string_view(bytes).substr(0, size), part)) << size;
    }
  }
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
