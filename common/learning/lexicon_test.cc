#include "common/learning/lexicon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::learning {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<int> Concepts(const Lexicon& lexicon, std::string_view word) {
  std::vector<int> ids;
  lexicon.ForEachConcept(word, [&](uint16_t id) { ids.push_back(id); });
  return ids;
}

// Concepts are numbered in the alphabetical order of their names.
constexpr char kSmall[] = R"({"concepts": {
  "cost": {"en": "cost* fee", "de": "gebühr*"},
  "free": {"en": "free", "de": "kostenlos*"},
  "return": {"en": "return*", "fr": "retour*"},
  "return_label": {"en": "returnlabel*", "fr": "retour"}
}})";

TEST(Lexicon, KnowsWordsAndBeginnings) {
  const auto lexicon = Lexicon::FromJson(kSmall);
  ASSERT_TRUE(lexicon.ok()) << lexicon.status();
  EXPECT_THAT(Concepts(*lexicon, "fee"), ElementsAre(0));
  EXPECT_THAT(Concepts(*lexicon, "fees"), IsEmpty()) << "no star, no rest";
  EXPECT_THAT(Concepts(*lexicon, "costing"), ElementsAre(0));
  EXPECT_THAT(Concepts(*lexicon, "gebuhren"), ElementsAre(0)) << "listed words are folded, too";
  EXPECT_THAT(Concepts(*lexicon, "kostenloser"), ElementsAre(1));
  EXPECT_THAT(Concepts(*lexicon, "returnlabels"), ElementsAre(3)) << "the longest beginning wins";
  EXPECT_THAT(Concepts(*lexicon, "retour"), ElementsAre(3, 2)) << "the word itself and a beginning";
  EXPECT_THAT(Concepts(*lexicon, "re"), IsEmpty());
  EXPECT_THAT(Concepts(*lexicon, ""), IsEmpty());
  EXPECT_THAT(Concepts(Lexicon(), "fee"), IsEmpty());
}

TEST(Lexicon, SurvivesTheRoundTripThroughTheModelFile) {
  const auto lexicon = Lexicon::FromJson(kSmall);
  ASSERT_TRUE(lexicon.ok());
  const Lexicon again = Lexicon::Parse(lexicon->Serialize());
  EXPECT_EQ(again.Serialize(), lexicon->Serialize());
  EXPECT_THAT(Concepts(again, "retour"), ElementsAre(3, 2));
}

// Read once for each of its beginnings, it would take longer than any test may.
TEST(Lexicon, ReadsAWordOfAnyLengthOnce) {
  const auto lexicon = Lexicon::FromJson(kSmall);
  ASSERT_TRUE(lexicon.ok());
  const std::string rest(4 << 20, 'x');
  EXPECT_THAT(Concepts(*lexicon, rest), IsEmpty());
  EXPECT_THAT(Concepts(*lexicon, "retour" + rest), ElementsAre(2)) << "a beginning counts still";
}

TEST(Lexicon, RefusesWhatItCannotMean) {
  struct Case {
    const char* what;
    const char* json;
    const char* reason;
  };
  const Case cases[] = {
      {"no JSON", "{", "concepts"},
      {"a list of words", R"({"concepts": {"cost": ["fee"]}})", "cost is not an object"},
      {"a number", R"({"concepts": {"cost": {"en": 1}}})", "cost.en is not a string"},
      {"a star in the middle", R"({"concepts": {"cost": {"en": "c*t"}}})", "c*t"},
      {"a star after two letters", R"({"concepts": {"cost": {"en": "co*"}}})", "co*"},
  };
  for (const Case& c : cases) {
    const auto lexicon = Lexicon::FromJson(c.json);
    ASSERT_FALSE(lexicon.ok()) << c.what;
    EXPECT_THAT(std::string(lexicon.status().message()), HasSubstr(c.reason)) << c.what;
  }
}

}  // namespace
}  // namespace switchboard::learning
