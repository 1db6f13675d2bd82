#include "cli/kb/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "cli/kb/json_lines.h"

namespace switchboard::cli::kb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct LineCase {
  const char* what;
  const char* file;
  const char* line;
  // "key owner"; or the error's words after file:line.
  const char* key;
  const char* error;
};

TEST(ParseJsonLines, KnowsDocumentsAndRecords) {
  const LineCase cases[] = {
      {"a document", "d.jsonl", R"({"id":"a","title":"T","content":"C","category":"x"})", "doc.a",
       ""},
      {"an order belongs to its customer", "orders.jsonl", R"({"id":"10452","customer_id":"C-1"})",
       "order.10452 C-1", ""},
      {"a number as id", "orders.jsonl", R"({"id":10452,"customer_id":"C-1"})", "order.10452 C-1",
       ""},
      {"a product is public", "products.jsonl", R"({"id":"JP-1","name":"N"})", "product.JP-1", ""},
      {"a customer belongs to itself", "customers.jsonl", R"({"id":"C-1"})", "customer.C-1 C-1",
       ""},
      {"an order without a customer", "orders.jsonl", R"({"id":"1"})", "",
       "customer_id is missing"},
      {"broken JSON", "d.jsonl", R"({"id":)", "", "is no JSON object"},
      {"a list", "d.jsonl", "[1]", "", "is no JSON object"},
      {"no id", "d.jsonl", R"({"title":"T","content":"C"})", "", "id is missing"},
      {"no title", "d.jsonl", R"({"id":"a","content":"C"})", "", "title is missing"},
      {"no content", "d.jsonl", R"({"id":"a","title":"T","content":" "})", "",
       "content is missing"},
      {"a title that is a number", "d.jsonl", R"({"id":"a","title":1,"content":"C"})", "",
       "title is no text"},
      {"an unusable id", "d.jsonl", R"({"id":"a b","title":"T","content":"C"})", "",
       "is not usable"},
      {"keywords of numbers", "d.jsonl", R"({"id":"a","title":"T","content":"C","keywords":[1]})",
       "", "keywords holds something but text"},
      {"no UTF-8", "d.jsonl", "{\"id\":\"\xff\"}", "", "is not UTF-8"},
  };
  for (const LineCase& c : cases) {
    std::vector<std::string> errors;
    const auto entries =
        ParseJsonLines(c.file, std::string("\n") + c.line + "\r\n\n", "en", errors);
    if (*c.error != 0) {
      EXPECT_THAT(errors, ElementsAre(HasSubstr(c.error))) << c.what;
      EXPECT_THAT(errors, ElementsAre(HasSubstr(std::string(c.file) + ":2: "))) << c.what;
      EXPECT_TRUE(entries.empty()) << c.what;
      continue;
    }
    ASSERT_EQ(entries.size(), 1u) << c.what << ": " << (errors.empty() ? "" : errors[0]);
    const std::string owner = entries[0].value.row().owner();
    EXPECT_EQ(KeyOf(entries[0].value) + (owner.empty() ? "" : " " + owner), c.key) << c.what;
    if (entries[0].value.has_row()) {
      EXPECT_EQ(entries[0].value.row().json(), c.line) << c.what;
    }
  }
}

TEST(ParseJsonLines, OneWrongLineDoesNotHideTheNext) {
  std::vector<std::string> errors;
  const auto entries =
      ParseJsonLines("products.jsonl", "{}\n{\"id\":\"a\"}\nx\n{\"id\":\"b\"}", "en", errors);
  EXPECT_EQ(entries.size(), 2u);
  EXPECT_EQ(errors.size(), 2u);
}

TEST(KeyFromId, TellsRecordsFromDocuments) {
  struct Case {
    const char* id;
    const char* key;
  };
  for (const Case& c :
       {Case{"return-policy", "doc.return-policy"}, Case{"doc.a", "doc.a"},
        Case{"order.10452", "order.10452"}, Case{"order:10452", "order.10452"},
        Case{"order-status", "doc.order-status"}, Case{"returns.fr", "doc.returns.fr"}}) {
    EXPECT_EQ(KeyFromId(c.id), c.key) << c.id;
  }
}

class CollectTest : public testing::Test {
 protected:
  CollectTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("collect_" + std::string(info->name()) + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "en");
  }
  ~CollectTest() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& file, const std::string& text) {
    std::ofstream(folder_ / file) << text;
  }
  std::string path(const std::string& file = "") const { return (folder_ / file).string(); }

  std::filesystem::path folder_;
};

TEST_F(CollectTest, ReadsAFolderWithEverythingBelow) {
  Write("en/b.md", "# B\ntext");
  Write("en/a.md", "# A\ntext");
  Write("README.md", "# About this folder\ntext");
  Write(".hidden.md", "# H\ntext");
  Write("notes.txt", "no");
  Write("orders.jsonl", R"({"id":"1","customer_id":"C-1"})");
  const auto collected = Collect({path()}, "en");
  ASSERT_TRUE(collected.ok()) << collected.status();
  std::vector<std::string> keys;
  for (const Entry& entry : collected->entries) keys.push_back(KeyOf(entry.value));
  EXPECT_THAT(keys, ElementsAre("doc.a", "doc.b", "order.1"));
}

TEST_F(CollectTest, GivesQuestionsToTheirDocuments) {
  Write("a.md", "# A\ntext");
  Write("a.fr.md", "# A\ntexte");
  Write("questions.jsonl",
        R"({"document":"a","language":"en","question":"what is a","section":"A"})"
        "\n"
        R"({"document":"a","language":"fr","question":"c'est quoi","section":"A"})"
        "\n"
        R"({"document":"a","language":"es","question":"que es"})");
  const auto collected = Collect({path()}, "en");
  ASSERT_TRUE(collected.ok()) << collected.status();
  std::map<std::string, std::vector<std::string>> asked;
  for (const Entry& entry : collected->entries) {
    for (const auto& question : entry.value.document().questions()) {
      asked[entry.value.document().id()].push_back(question.text() + "|" + question.section());
    }
  }
  EXPECT_THAT(asked["a"], ElementsAre("what is a|A", "que es|"));
  EXPECT_THAT(asked["a.fr"], ElementsAre("c'est quoi|")) << "its headings are other ones";
}

TEST_F(CollectTest, NamesEveryWrongQuestion) {
  Write("a.md", "# A\ntext");
  Write("questions.jsonl", R"({"document":"b","question":"what"})"
                           "\n"
                           R"({"document":"a"})"
                           "\n"
                           R"({"document":"a","question":"x","language":"english"})"
                           "\nno json\n");
  const auto collected = Collect({path()}, "en");
  ASSERT_EQ(collected.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(collected.status().message());
  EXPECT_THAT(message, HasSubstr("questions.jsonl:1: there is no document b"));
  EXPECT_THAT(message, HasSubstr("questions.jsonl:2: question is missing"));
  EXPECT_THAT(message, HasSubstr("questions.jsonl:3: language"));
  EXPECT_THAT(message, HasSubstr("questions.jsonl:4: is no JSON object"));
}

TEST_F(CollectTest, TellsAllMistakesAtOnce) {
  Write("en/a.md", "no title");
  Write("products.jsonl", "{}\n");
  Write("en/b.md", "---\nid: same\n---\n# B\n");
  Write("en/c.md", "---\nid: same\n---\n# C\n");
  const auto collected = Collect({path()}, "en");
  ASSERT_EQ(collected.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(collected.status().message());
  EXPECT_THAT(message, HasSubstr("a.md:1: has no title"));
  EXPECT_THAT(message, HasSubstr("products.jsonl:1: id is missing"));
  EXPECT_THAT(message, HasSubstr("c.md: doc.same is there already, from " + path("en/b.md")));
}

TEST_F(CollectTest, RefusesWhatIsNotThereOrNotUnderstood) {
  Write("a.txt", "x");
  EXPECT_EQ(Collect({path("missing")}, "en").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Collect({path("en")}, "en").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Collect({path("a.txt")}, "en").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace switchboard::cli::kb
