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

bool IsAmong(const std::vector<std::string>& ids, const v1::Passage& passage) {
  return std::find(ids.begin(), ids.end(), passage.document_id()) != ids.end();
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

  struct Question {
    std::string query, language;
    std::vector<std::string> history;
    std::vector<std::string> expected;  // empty: off topic
  };

  static v1::SearchReply Ask(const Question& question, uint32_t top_k) {
    v1::SearchRequest request;
    request.set_query(question.query);
    request.set_top_k(top_k);
    for (const std::string& text : question.history) request.add_history()->set_text(text);
    const auto reply = retriever_->Search(request);
    EXPECT_TRUE(reply.ok()) << question.query << ": " << reply.status();
    return reply.ok() ? *reply : v1::SearchReply();
  }

  // The first questions, and those that the relevance model was fitted on with them.
  static std::vector<Question> Questions() {
    std::vector<Question> questions;
    for (const char* name : {"questions", "development"}) {
      std::ifstream file(StrCat(kFolder, "/testdata/", name, ".jsonl"));
      for (std::string line; std::getline(file, line);) {
        if (line.empty()) continue;
        const auto json = nlohmann::json::parse(line);
        questions.push_back({json["query"], json["language"],
                             json.value("history", std::vector<std::string>()),
                             json["document_id"].get<std::vector<std::string>>()});
      }
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
  for (const Question& question : Questions()) {
    if (question.expected.empty()) continue;
    const v1::SearchReply reply = Ask(question, 3);
    int rank = 0;
    while (rank < reply.passages_size() && !IsAmong(question.expected, reply.passages(rank)))
      ++rank;
    for (const std::string& name : {question.language, std::string("all")}) {
      ++scores[name].asked;
      scores[name].first += rank == 0 && reply.passages_size() > 0;
      scores[name].third += rank < reply.passages_size();
    }
    if (rank == reply.passages_size()) std::cout << "not found: " << question.query << '\n';
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
  for (const Question& question : Questions()) {
    if (!question.expected.empty()) continue;
    ++asked;
    const v1::SearchReply reply = Ask(question, 3);
    refused += reply.passages().empty();
    if (reply.passages().empty()) continue;
    std::cout << "found " << reply.passages(0).document_id() << " for " << question.query << '\n';
  }
  std::cout << refused << " of " << asked << " off-topic questions find nothing\n";
  EXPECT_GE(asked, 190);
  // Words alone cannot tell every one ("the weather" from "the weather station"); the classifier's
  // OUT_OF_SCOPE is the other half.
  EXPECT_GE(refused, 0.78 * asked);
}

// Of the questions given a probability of about p, about the share p is on topic.
TEST_F(KnowledgeTest, ProbabilitiesOfRelevanceAreTrue) {
  constexpr int kBins = 5;
  double promised[kBins] = {};
  double kept[kBins] = {};
  double asked[kBins] = {};
  for (const Question& question : Questions()) {
    const v1::SearchReply reply = Ask(question, 1);
    if (reply.passages().empty()) continue;
    const double probability = reply.passages(0).relevance();
    ASSERT_GE(probability, kRelevanceMin);
    ASSERT_LE(probability, 1);
    const int bin = std::min(kBins - 1, static_cast<int>(probability * kBins));
    promised[bin] += probability;
    kept[bin] += !question.expected.empty();
    asked[bin] += 1;
  }
  double error = 0;
  double all = 0;
  for (int bin = 0; bin < kBins; ++bin) {
    error += std::abs(promised[bin] - kept[bin]);
    all += asked[bin];
  }
  std::cout << "calibration error " << error / all << " of " << all << " answered\n";
  EXPECT_LE(error / all, 0.05);
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
