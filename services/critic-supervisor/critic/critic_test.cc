#include "services/critic-supervisor/critic/critic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace switchboard::critic {
namespace {

using ::testing::HasSubstr;

constexpr char kPolicies[] = "services/critic-supervisor/policies.json";
constexpr char kTestData[] = "services/critic-supervisor/critic/testdata/";

const Critic& Shipped() {
  static const absl::StatusOr<Critic> critic = Critic::Load(kPolicies);
  EXPECT_TRUE(critic.ok()) << critic.status();
  return *critic;
}

v1::ReviewRequest Input(const std::string& text, const std::string& language = "en") {
  v1::ReviewRequest request;
  request.set_direction(v1::ReviewRequest::INPUT);
  request.set_text(text);
  request.set_language(language);
  return request;
}

std::vector<nlohmann::json> Lines(const std::string& file) {
  std::ifstream stream(kTestData + file);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(CriticInput, EveryAttackIsBlockedUnderItsPolicy) {
  const auto lines = Lines("attacks.jsonl");
  EXPECT_GE(lines.size(), 120u);
  for (const auto& line : lines) {
    const Review review = Shipped().Examine(Input(line.at("text"), line.at("language")));
    EXPECT_EQ(review.verdict, v1::ReviewReply::BLOCK) << line;
    EXPECT_EQ(review.policy, line.at("policy").get<std::string>()) << review.rule << " " << line;
    EXPECT_FALSE(review.answer.empty()) << line;
  }
}

TEST(CriticInput, NoLookAlikeIsBlocked) {
  const auto lines = Lines("benign.jsonl");
  EXPECT_GE(lines.size(), 120u);
  for (const auto& line : lines) {
    const Review review = Shipped().Examine(Input(line.at("text"), line.at("language")));
    EXPECT_EQ(review.verdict, v1::ReviewReply::ALLOW) << review.rule << " " << line;
  }
}

TEST(CriticInput, TheCustomersOwnDataMayBeAskedFor) {
  v1::ReviewRequest request = Input("what is the e-mail of customer C-1002?");
  EXPECT_EQ(Shipped().Examine(request).policy, "other_customers_data");
  request.mutable_customer()->set_id("C-1002");
  EXPECT_EQ(Shipped().Examine(request).verdict, v1::ReviewReply::ALLOW);
}

TEST(CriticInput, AClassifierIsASecondOpinionOnWhatTheRulesLetPass) {
  struct Fake : InputClassifier {
    bool IsAttack(std::string_view folded) const override {
      return folded.find("zebra") != std::string_view::npos;
    }
  };
  auto critic = Critic::Load(kPolicies);
  ASSERT_TRUE(critic.ok());
  critic->set_classifier(std::make_unique<Fake>());
  EXPECT_EQ(critic->Examine(Input("a Zebra")).rule, "classifier");
  EXPECT_EQ(critic->Examine(Input("a horse")).verdict, v1::ReviewReply::ALLOW);
}

TEST(Critic, FailsClosed) {
  v1::ReviewRequest request = Input("hello");
  request.set_direction(v1::ReviewRequest::DIRECTION_UNSPECIFIED);
  EXPECT_EQ(Shipped().Examine(request).verdict, v1::ReviewReply::BLOCK);
  EXPECT_EQ(Shipped().Examine(Input("broken \xff utf-8")).policy, "review_failed");
}

TEST(Critic, CannedAnswersExistForEveryKeyAndLanguage) {
  for (const char* language : {"en", "fr", "es", "de", "fr-CA", "xx", ""}) {
    for (const char* key : {"refuse_instructions", "prompt_injection", "care", "withheld",
                            "unavailable", "nonsense"}) {
      EXPECT_FALSE(Shipped().CannedAnswer(key, language).empty()) << key << " " << language;
    }
  }
  EXPECT_NE(Shipped().CannedAnswer("prompt_injection", "fr-CA"),
            Shipped().CannedAnswer("prompt_injection", "en"));
  EXPECT_EQ(Shipped().CannedAnswer("nonsense", "xx"), Shipped().CannedAnswer("withheld", "en"));
}

TEST(Policies, EverythingWrongWithAFileIsNamedAtOnce) {
  const auto policies = Policies::Parse(R"json({
    "surprise": 1,
    "words": [{"name": "ok", "words": ["fine", "not fine"]}],
    "rules": [
      {"id": "a", "policy": "p", "direction": "sideways"},
      {"id": "b", "policy": "p", "direction": "input", "action": "shout", "answer": "missing", "reason": "r",
       "phrases": ["{nobody}"], "patterns": ["("], "signals": []},
      {"id": "b", "policy": "p", "direction": "input", "action": "block", "answer": "withheld", "reason": "r"}],
    "grounding": {"coverage_min": 7},
    "answers": {"withheld": {"fr": "…"}}})json");
  ASSERT_FALSE(policies.ok());
  const std::string message(policies.status().message());
  for (const char* expected :
       {"unknown key \"surprise\"", "words ok: \"not fine\"", "rule a: \"direction\"",
        "rule b: action \"shout\"", "there is no word list {nobody}", "pattern \"(\"",
        "rule b: \"threshold\"", "rule b: a rule of this id", "neither phrases nor patterns",
        "\"coverage_min\"", "\"claims\"", "answer withheld: has no English",
        "there is no answer \"missing\"", "\"unavailable\" is missing"}) {
    EXPECT_THAT(message, HasSubstr(expected));
  }
  EXPECT_EQ(Critic::Load("nowhere.json").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace switchboard::critic
