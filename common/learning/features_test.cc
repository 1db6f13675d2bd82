#include "common/learning/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace switchboard::learning {
namespace {

struct NormalizeCase {
  const char* what;
  const char* message;
  std::vector<std::string> words;
};

TEST(Normalizer, SplitsAMessageIntoTheWordsTheModelSees) {
  const NormalizeCase cases[] = {
      {"case and accents are folded", "Où EST ma Commande", {"ou", "est", "ma", "commande"}},
      {"the apostrophe of an article separates", "l'article d’hier", {"l", "article", "d", "hier"}},
      {"the apostrophe of a clitic joins", "don't what’s you've", {"dont", "whats", "youve"}},
      {"digits count, their value does not", "order 10452", {"order", "0:5"}},
      {"letters and digits part", "jp-1001 x2", {"jp", "0:4", "x", "0:1"}},
      {"web and e-mail addresses are placeholders",
       "see https://a.example/b?c=1 or me.x@example.com, thanks",
       {"see", "<url>", "or", "<email>", "thanks"}},
      {"currency signs are one word", "€5 £5 $5", {"<cur>", "0:1", "<cur>", "0:1", "<cur>", "0:1"}},
      {"stretched letters shrink", "pleeeease", {"pleease"}},
      {"questions and exclamations stay, other signs go",
       "¿Dónde? ok!; (yes)",
       {"donde", "?", "ok", "!", "yes"}},
      {"nothing is nothing", "  \t ", {}},
      {"a lone apostrophe is nothing", "' ’", {}},
      {"another script is letters", "Привет", {"привет"}},
  };
  for (const NormalizeCase& c : cases) {
    Normalizer normalizer;
    const auto& words = normalizer.Words(c.message);
    EXPECT_EQ(std::vector<std::string>(words.begin(), words.end()), c.words) << c.what;
  }
}

TEST(Extractor, GivesSortedKeysThatDependOnTheMessageOnly) {
  Extractor extractor;
  std::vector<uint32_t> first, again, other;
  extractor.Extract("Where is my order 10452?", Lexicon(), first);
  extractor.Extract("something else in between", Lexicon(), other);
  extractor.Extract("where is my ORDER 99999 ?", Lexicon(), again);
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  EXPECT_EQ(first, again) << "case, spaces and the digits themselves do not matter";
  EXPECT_NE(first, other);
}

TEST(Extractor, SurvivesWhateverBytesComeIn) {
  Extractor extractor;
  std::vector<uint32_t> keys;
  for (const std::string& message :
       {std::string(), std::string("\xff\xfe\xc2"), std::string("\xe2"), std::string("a\0b", 3),
        std::string(4096, 'a'), std::string("'"), std::string("@@@ x@ @x"), std::string("\xc2")}) {
    extractor.Extract(message, Lexicon(), keys);
    for (const uint32_t key : keys) EXPECT_LT(key, kGroupCount * kSlotCount);
  }
}

TEST(Extractor, AddsLettersAcrossSpacesWhereAsked) {
  Extractor extractor;
  std::vector<uint32_t> without, with;
  extractor.Extract("money back", Lexicon(), without);
  extractor.Extract("money back", Lexicon(), with, /*letters_across=*/true);
  // 2- to 5-grams of " money back ", 12 letters.
  EXPECT_EQ(with.size(), without.size() + 11 + 10 + 9 + 8);
  EXPECT_LT(without.back(), kAcrossGroup);
  EXPECT_GE(with.back(), kAcrossGroup);
  std::vector<uint32_t> apart;
  extractor.Extract("back money", Lexicon(), apart, true);
  EXPECT_NE(with, apart) << "the order of words shows";
}

TEST(Weigh, MakesEachGroupAUnitVectorOfKnownFeatures) {
  Extractor extractor;
  std::vector<uint32_t> keys;
  extractor.Extract("refund refund please", Lexicon(), keys);
  std::map<uint32_t, float> vector;
  Weigh(
      keys, [](uint32_t) { return 2.0f; },
      [&](uint32_t slot, float weight) { vector[slot] += weight * weight; });
  float squares = 0;
  for (const auto& [slot, square] : vector) squares += square;
  EXPECT_NEAR(squares, 2, 1e-3) << "words and characters, each of length 1";

  size_t known = 0;
  Weigh(
      keys, [](uint32_t) { return 0.0f; }, [&](uint32_t, float) { ++known; });
  EXPECT_EQ(known, 0u) << "what training never saw has no weight";
}

// Looked through from each of its words for an address, it would take longer than any test may.
TEST(Normalizer, ReadsAMessageWithoutSpacesOnce) {
  Normalizer normalizer;
  std::string message;
  for (int i = 0; i < 1 << 20; ++i) message += "1a";
  EXPECT_EQ(normalizer.Words(message).size(), 2u << 20);
  EXPECT_THAT(normalizer.Words("http://" + message), ::testing::ElementsAre("<url>"));
}

}  // namespace
}  // namespace switchboard::learning
