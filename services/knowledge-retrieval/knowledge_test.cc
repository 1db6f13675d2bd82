// The sample company's documents, and questions as customers ask them: how often the right document
// is among the first three, and how often nothing is found for what no document is about. Prints
// the figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "services/knowledge-retrieval/retriever.h"
#include "services/knowledge-retrieval/test_data.h"

namespace switchboard::knowledge_retrieval {
namespace {

namespace fs = std::filesystem;

// Front matter is `key: value` lines between two lines `---`.
v1::KnowledgeEntry::Document ReadDocument(const fs::path& path) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const size_t end = text.find("\n---\n");
  v1::KnowledgeEntry::Document document;
  if (!text.starts_with("---\n") || end == std::string::npos) return document;
  for (const std::string_view line : StrSplit(std::string_view(text).substr(4, end - 4), '\n')) {
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    const std::string value(line.substr(colon + 2));
    if (key == "id") document.set_id(value);
    if (key == "title") document.set_title(value);
    if (key == "category") document.set_category(value);
    if (key == "language") document.set_language(value);
    if (key != "keywords") continue;
    for (const std::string_view keyword : StrSplit(value, ',')) {
      document.add_keywords(std::string(Trim(keyword)));
    }
  }
  document.set_content(text.substr(end + 5));
  return document;
}

class KnowledgeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    retriever_ = Retriever::Create({.data_dir = DataDir()}).value().release();
    for (const auto& file : fs::recursive_directory_iterator("knowledge/documents")) {
      if (file.path().extension() != ".md") continue;
      v1::KnowledgeEntry entry;
      *entry.mutable_document() = ReadDocument(file.path());
      const std::string key = "doc." + entry.document().id();
      const absl::Status status = retriever_->Apply(key, entry.SerializeAsString(), false);
      EXPECT_TRUE(status.ok()) << file.path() << ": " << status;
    }
    PutProducts();
  }
  static void PutProducts() {
    std::ifstream file("knowledge/records/products.jsonl");
    for (std::string line; std::getline(file, line);) {
      if (line.empty()) continue;
      const std::string id = nlohmann::json::parse(line).at("id");
      v1::KnowledgeEntry entry;
      *entry.mutable_row() = MakeRow("product", id, "", line);
      const absl::Status status =
          retriever_->Apply("product." + id, entry.SerializeAsString(), false);
      EXPECT_TRUE(status.ok()) << id << ": " << status;
    }
  }

  static void TearDownTestSuite() { delete retriever_; }

  static std::vector<std::string> Ask(const std::string& query) {
    v1::SearchRequest request;
    request.set_query(query);
    request.set_top_k(3);
    const auto reply = retriever_->Search(request);
    EXPECT_TRUE(reply.ok()) << query << ": " << reply.status();
    std::vector<std::string> ids;
    if (reply.ok()) {
      for (const v1::Passage& passage : reply->passages()) ids.push_back(passage.document_id());
    }
    return ids;
  }

  static std::vector<nlohmann::json> Questions() {
    std::ifstream file(StrCat(kFolder, "/testdata/questions.jsonl"));
    std::vector<nlohmann::json> questions;
    for (std::string line; std::getline(file, line);) {
      if (!line.empty()) questions.push_back(nlohmann::json::parse(line));
    }
    return questions;
  }

  static Retriever* retriever_;
};

Retriever* KnowledgeTest::retriever_ = nullptr;

TEST_F(KnowledgeTest, AnswersAreAmongTheFirstThreePassages) {
  struct Score {
    int asked = 0, first = 0, third = 0;
  };
  std::map<std::string, Score> scores;
  for (const nlohmann::json& question : Questions()) {
    const auto expected = question["document_id"].get<std::vector<std::string>>();
    if (expected.empty()) continue;
    const std::string query = question["query"];
    const std::vector<std::string> found = Ask(query);
    const auto hit =
        std::find_first_of(found.begin(), found.end(), expected.begin(), expected.end());
    for (const std::string& name : {question["language"].get<std::string>(), std::string("all")}) {
      ++scores[name].asked;
      scores[name].first += hit != found.end() && hit == found.begin();
      scores[name].third += hit != found.end();
    }
    if (hit == found.end()) std::cout << "not found: " << query << '\n';
  }
  for (const auto& [name, score] : scores) {
    std::cout << name << ": " << score.asked << " questions, hit@1 "
              << 1.0 * score.first / score.asked << ", hit@3 " << 1.0 * score.third / score.asked
              << '\n';
    EXPECT_GE(score.asked, 20) << name;
    // A little below what was reached (README, "Measured"), so that an edited document does not
    // break the build, and a broken ranking does.
    EXPECT_GE(score.third, 0.85 * score.asked) << name;
  }
}

TEST_F(KnowledgeTest, FindsNothingForWhatNoDocumentIsAbout) {
  int asked = 0;
  int refused = 0;
  for (const nlohmann::json& question : Questions()) {
    if (!question["document_id"].empty()) continue;
    ++asked;
    const std::vector<std::string> found = Ask(question["query"]);
    refused += found.empty();
    if (!found.empty()) std::cout << "found " << found[0] << " for " << question["query"] << '\n';
  }
  std::cout << refused << " of " << asked << " off-topic questions find nothing\n";
  EXPECT_GE(asked, 20);
  // Recall comes first. Words alone cannot tell every one ("the weather" from "the weather
  // station"); the classifier's OUT_OF_SCOPE is the other half.
  EXPECT_GE(refused, 0.6 * asked);
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
