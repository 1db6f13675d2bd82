#include "services/escalation/assessor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace switchboard::escalation {
namespace {

using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kSignals[] = "services/escalation/data/signals.json";

const Assessor& Shipped() {
  static const absl::StatusOr<Assessor> assessor = Assessor::Load(kSignals, SWITCHBOARD_MODEL_PATH);
  EXPECT_TRUE(assessor.ok()) << assessor.status();
  return *assessor;
}

v1::AssessRequest Says(const std::string& text, const std::string& language = "en") {
  v1::AssessRequest request;
  request.set_text(text);
  request.set_language(language);
  return request;
}

std::vector<std::string> Reasons(const v1::AssessReply& reply) {
  return {reply.reasons().begin(), reply.reasons().end()};
}

TEST(Assessor, EachLineOfTheTestDataGivesItsReasonsAndNoOthers) {
  std::ifstream file("services/escalation/testdata/assess.jsonl");
  ASSERT_TRUE(file);
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) {
    const auto entry = nlohmann::json::parse(line);
    const v1::AssessReply reply = Shipped().Assess(Says(entry.at("text"), entry.at("language")));
    EXPECT_THAT(Reasons(reply),
                ElementsAreArray(entry.at("reasons").get<std::vector<std::string>>()))
        << line;
    EXPECT_EQ(reply.escalate(), !entry.at("reasons").empty()) << line;
    EXPECT_EQ(!reply.immediate_words().empty(), entry.value("words", false)) << line;
    if (entry.contains("priority")) {
      EXPECT_EQ(reply.priority(), entry.at("priority").get<std::string>()) << line;
    }
    if (entry.contains("team")) {
      EXPECT_EQ(reply.team(), entry.at("team").get<std::string>()) << line;
    }
    ++lines;
  }
  EXPECT_GE(lines, 120);
}

TEST(Assessor, TheMostImportantReasonNamesTheTeam) {
  const auto reply = Shipped().Assess(Says("I want to talk to a human, the charger caught fire!"));
  EXPECT_THAT(Reasons(reply), ElementsAreArray({"safety", "human_requested"}));
  EXPECT_EQ(reply.team(), "safety");
  EXPECT_EQ(reply.priority(), "urgent");
}

TEST(Assessor, ImmediateWordsComeInEveryLanguage) {
  const auto reply = Shipped().Assess(Says("j'ai envie de mourir", ""));
  EXPECT_THAT(reply.immediate_words().at("fr"), HasSubstr("numéro d'urgence"));
  EXPECT_THAT(reply.immediate_words().at("en"), HasSubstr("emergency number"));
}

TEST(Assessor, TwoTurnsWithoutAnAnswerCallAPerson) {
  v1::AssessRequest request = Says("and the blue one?");
  request.set_unanswered_streak(1);
  EXPECT_THAT(Reasons(Shipped().Assess(request)), IsEmpty());
  request.set_unanswered_streak(2);
  EXPECT_THAT(Reasons(Shipped().Assess(request)), ElementsAreArray({"repeated_failure"}));
}

TEST(Assessor, TheSameQuestionAgainCallsAPersonAndAShortYesDoesNot) {
  v1::AssessRequest request = Says("where is my order 10452 please");
  request.add_history()->set_text("Where is my order 10452?");
  EXPECT_THAT(Reasons(Shipped().Assess(request)), Contains("repeated_failure"));
  request = Says("yes please");
  request.add_history()->set_text("yes please");
  EXPECT_THAT(Reasons(Shipped().Assess(request)), Not(Contains("repeated_failure")));
}

TEST(Assessor, SeveralPlainQuestionsAreNoTrouble) {
  struct Turn {
    const char *said, *answered;
  };
  const struct {
    std::vector<Turn> before;
    const char* now;
  } cases[] = {
      {{{"Where is my order 10452?",
         "It was shipped on 17 November and is expected on 23 November."},
        {"and how do I return it?", "You can return any unused item within 30 days."}},
       "is it there today?"},
      {{{"Where is my order 10452?",
         "Good news: your order 10452 was shipped with ParcelFox on 14 November 2026 and should be "
         "with you on 21 November 2026."},
        {"and how do I return it?",
         "Your order 10452 is on its way: it was shipped on 14 November 2026 with ParcelFox and is "
         "expected on 21 November 2026. To start a return, open \"My orders\"."}},
       "is it there today?"},
      {{{"Where is my order 10452?", "It was shipped on 17 November."},
        {"and how do I return it?", "You can return any unused item within 30 days of delivery."}},
       "what does the return cost?"},
      {{{"Do you deliver to Spain?", "Yes, in 4 to 6 working days."},
        {"and to Portugal?", "Yes, in 5 to 7 working days."}},
       "how much is it to Portugal?"},
      {{{"is the kettle dishwasher safe", "No, please clean it by hand."},
        {"and the pan?", "The pan is dishwasher safe."},
        {"does it work on induction?", "Yes, it works on induction."}},
       "ok i take two"},
      {{{"How do I reset my password?", "Choose \"Forgot password\" and follow the link."},
        {"the link, how long is it valid?", "One hour."}},
       "got it. can I also change my e-mail?"},
  };
  for (const auto& c : cases) {
    v1::AssessRequest request = Says(c.now);
    for (const Turn& turn : c.before) {
      v1::Exchange& exchange = *request.add_history();
      exchange.set_text(turn.said);
      exchange.set_reply(turn.answered);
      exchange.set_answered(true);
    }
    request.set_turn_count(static_cast<uint32_t>(c.before.size()));
    EXPECT_THAT(Reasons(Shipped().Assess(request)), ::testing::IsEmpty()) << c.now;
  }
}

TEST(Assessor, FrustrationGrowsWithIntensifiersCapitalsMarksAndThePast) {
  const double mild = Shipped().Assess(Says("this is disappointing")).frustration();
  const double intensified =
      Shipped().Assess(Says("this is extremely disappointing")).frustration();
  const double loud = Shipped().Assess(Says("THIS IS EXTREMELY DISAPPOINTING!!!")).frustration();
  v1::AssessRequest later = Says("this is disappointing");
  later.add_history()->set_text("your service is terrible");
  const double lasting = Shipped().Assess(later).frustration();
  EXPECT_LT(mild, intensified);
  EXPECT_LT(intensified, loud);
  EXPECT_LT(mild, lasting);
  EXPECT_EQ(Shipped().Assess(Says("thank you, this is lovely")).frustration(), 0);
  EXPECT_LT(Shipped().Assess(Says("not bad")).frustration(), 0.05);
}

TEST(Assessor, EverythingWrongWithAFileIsNamedAtOnce) {
  const absl::Status wrong = Assessor::CheckSignals(R"({
    "words": [{"name": "bad", "words": ["two words"]}],
    "reasons": [{"name": "legal", "priority": "huge", "phrases": ["{nobody} talks"]},
                {"name": 3, "team": "a", "priority": "low", "typo": 1}],
    "sentiment": {"threshold": 2, "anger": [{"phrases": ["x"]}], "calm": []}})");
  ASSERT_FALSE(wrong.ok());
  const std::string message(wrong.message());
  for (const char* expected :
       {"words bad: \"two words\" is not one folded word", "reason legal: \"team\" is missing",
        "reason legal: \"priority\" is not one of", "phrase \"{nobody} talks\"",
        "reasons[1]: unknown key \"typo\"", "reasons[1]: \"name\" is missing",
        "\"threshold\" is not a number", "without a weight"}) {
    EXPECT_THAT(message, HasSubstr(expected));
  }
  EXPECT_FALSE(Assessor::CheckSignals("[]").ok());
  EXPECT_EQ(Assessor::Load("nowhere.json", SWITCHBOARD_MODEL_PATH).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace switchboard::escalation
