#include "common/text/phrases.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace switchboard::text {
namespace {

bool Matches(std::string_view phrase, std::string_view text) {
  PhraseBook::Builder builder;
  EXPECT_TRUE(builder.AddWords("talk", {"talk", "speak", "parler"}).ok());
  EXPECT_TRUE(builder.AddWords("person", {"{talk}", "person", "perso*"}).ok());
  EXPECT_TRUE(builder.AddPhrase(phrase).ok()) << phrase;
  const PhraseBook book = std::move(builder).Build();
  bool found = false;
  book.Find(Tokenize(FoldAccents(text)), [&found](const PhraseBook::Hit&) {
    found = true;
    return false;
  });
  return found;
}

TEST(Phrases, MatchWordsAndNotCharacters) {
  struct Case {
    const char* what;
    const char* phrase;
    const char* text;
    bool expected;
  };
  const Case cases[] = {
      {"a gap of two holds two words", "{talk} ~2 person", "speak to a person", true},
      {"and not three", "{talk} ~2 person", "speak to a real person", false},
      {"a prefix matches longer words", "{talk} ~3 perso*", "Parler à quelqu'un, une personne",
       false},
      {"an elision separates words", "quelqu un", "quelqu'un", true},
      {"a contraction is one word", "dont", "I don't", true},
      {"a curly apostrophe too", "dont", "I don’t", true},
      {"no phrase reaches over a sentence's end", "talk ~3 person", "We talk. A person came",
       false},
      {"a dot inside a number ends nothing", "costs ~3 now", "costs 10.50 now", true},
      {"the caret holds the sentence's begin", "^ agent", "the agent", false},
      {"both ends make a whole message", "^ agent $", "Agent!", true},
      {"an optional word may be missing", "a b? c", "a c", true},
      {"and its gap stays", "a ~2 b? c", "a x y c", true},
      {"a hash is a word with a digit", "order #", "order AB12", true},
      {"a hash is no other word", "order #", "order it", false},
      {"a negated element takes any other word", "kill !the", "kill you", true},
      {"a negated element refuses its word", "kill !the", "kill the subscription", false},
      {"alternatives and lists mix", "{talk}|call ~2 {person}", "call my person", true},
      {"a list may name another", "my {person}", "my speak", true},
      {"inverted marks separate", "hola", "¡Hola!", true},
  };
  for (const Case& c : cases) EXPECT_EQ(Matches(c.phrase, c.text), c.expected) << c.what;
}

TEST(Phrases, WrongOnesAreRefusedWithAReason) {
  const char* cases[] = {"{nobody}", "~3",    "a ~0 b", "a ~99 b", "a?",  "",
                         "a $ b",    "a ^ b", "a-b",    "!a b",    "a ~2"};
  for (const char* phrase : cases) {
    PhraseBook::Builder builder;
    EXPECT_FALSE(builder.AddPhrase(phrase).ok()) << "\"" << phrase << "\"";
  }
}

TEST(Phrases, AHitNamesItsExtent) {
  PhraseBook::Builder builder;
  ASSERT_EQ(*builder.AddPhrase("nothing here"), 0);
  ASSERT_EQ(*builder.AddPhrase("b ~2 d"), 1);
  const PhraseBook book = std::move(builder).Build();
  std::vector<PhraseBook::Hit> hits;
  book.Find(Tokenize("a b c d e d"), [&hits](const PhraseBook::Hit& hit) {
    hits.push_back(hit);
    return true;
  });
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].phrase, 1);
  EXPECT_EQ(hits[0].first, 1u);
  EXPECT_EQ(hits[0].last, 3u);
}

}  // namespace
}  // namespace switchboard::text
