#include "services/knowledge-retrieval/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "services/knowledge-retrieval/test_data.h"
#include "services/knowledge-retrieval/vocabulary.h"

namespace switchboard::knowledge_retrieval {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr int kNone = -1;

TEST(SplitWords, FindsTheWordsOfEachLanguage) {
  const struct {
    const char* what;
    const char* text;
    std::vector<std::string> words;
  } cases[] = {
      {"an elided article goes", "l'envoi d’aujourd'hui", {"envoi", "aujourdhui"}},
      {"a possessive goes", "the customer's order", {"the", "customer", "order"}},
      {"a negation is one word", "don't", {"dont"}},
      {"a short prefix joins", "e-mail Wi-Fi T-shirt", {"email", "wifi", "tshirt"}},
      {"long parts are words", "click-and-collect", {"click", "and", "collect"}},
      {"a French inversion is two words", "est-ce a-t-il", {"est", "ce", "a", "t", "il"}},
      {"a product number is one word", "JP-1001", {"jp1001"}},
      {"a size is two words", "2-person", {"2", "person"}},
      {"accents are folded",
       "Où êtes-vous, Señor Müller?",
       {"ou", "etes", "vous", "senor", "muller"}},
      {"marks and pictures are no words", "¿? € → 🙂 …", {}},
      {"other scripts are words", "доставка", {"доставка"}},
      {"malformed bytes are no words", "a\xff\xfe z", {"a", "z"}},
  };
  for (const auto& c : cases) {
    std::vector<std::string> folded;
    for (const Word& word : SplitWords(c.text)) folded.push_back(word.folded);
    EXPECT_THAT(folded, ElementsAreArray(c.words)) << c.what;
  }
}

TEST(SplitWords, GivesPlacesAndCapitals) {
  const std::vector<Word> words = SplitWords("my Écrin");
  ASSERT_EQ(words.size(), 2u);
  EXPECT_FALSE(words[0].capital);
  EXPECT_TRUE(words[1].capital);
  EXPECT_EQ(words[1].begin, 3u);
  EXPECT_EQ(words[1].end, 9u);
}

TEST(Analyzer, StemsByLanguageAndDropsStopWords) {
  const struct {
    const char* what;
    const char* text;
    const char* same;
    const char* language;
  } cases[] = {
      {"English plural and participle", "the returned parcels", "return a parcel", "en"},
      {"French with accents", "les colis expédiés", "un colis expédié", "fr"},
      {"Spanish", "las devoluciones", "la devolución", "es"},
      {"German", "die Bestellungen", "eine Bestellung", "de"},
  };
  for (const auto& c : cases) {
    const int language = LanguageNumber(c.language);
    EXPECT_EQ(TestAnalyzer().Terms(c.text, language), TestAnalyzer().Terms(c.same, language))
        << c.what;
    EXPECT_FALSE(TestAnalyzer().Terms(c.text, language).empty()) << c.what;
  }
}

TEST(Analyzer, TellsLanguagesApart) {
  const struct {
    const char* text;
    int language;
  } cases[] = {
      {"where is my parcel", LanguageNumber("en")},
      {"où est mon colis", LanguageNumber("fr")},
      {"¿dónde está mi paquete?", LanguageNumber("es")},
      {"wo ist mein Paket", LanguageNumber("de")},
      {"Aurora", kNone},
      {"", kNone},
      {"12345", kNone},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(TestAnalyzer().DetectLanguage(c.text, SplitWords(c.text)), c.language) << c.text;
  }
}

TEST(Analyzer, ReadsLanguageTags) {
  EXPECT_EQ(LanguageNumber("fr-CA"), LanguageNumber("fr"));
  EXPECT_EQ(LanguageNumber("fra"), kNone);
  EXPECT_EQ(LanguageNumber(""), kNone);
}

TEST(Analyzer, NamesEveryBadEntryOfAFile) {
  const std::string folder = ::testing::TempDir() + "/knowledge_analyzer_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/stopwords.json") << R"({"en": ["the", 7], "xx": ["a"]})";
  const absl::Status status = Analyzer::Load(folder).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("stopwords.json: \"en\": 7 is not a word"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"xx\""));
  EXPECT_EQ(Analyzer::Load(folder + "/nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST(EditDistance, CountsOneForEachSlip) {
  const struct {
    const char* what;
    const char* a;
    const char* b;
    int limit;
    int distance;
  } cases[] = {
      {"equal", "kettle", "kettle", 2, 0},
      {"two letters swapped", "kettel", "kettle", 2, 1},
      {"a letter missing", "ketle", "kettle", 2, 1},
      {"a letter more", "kettlle", "kettle", 2, 1},
      {"another letter", "kattle", "kettle", 2, 1},
      {"two slips", "refundd", "refnud", 2, 2},
      {"beyond the limit", "kettle", "tent", 2, 3},
      {"too different in length", "ab", "abcdef", 1, 2},
  };
  for (const auto& c : cases) EXPECT_EQ(EditDistance(c.a, c.b, c.limit), c.distance) << c.what;
}

TEST(Vocabulary, CorrectsTypingErrorsOnly) {
  Vocabulary vocabulary;
  for (const char* word : {"kettle", "warranty", "return", "card", "cart", "order", "jp1001"}) {
    vocabulary.AddWord(word, vocabulary.Intern(word), 0);
  }
  vocabulary.AddWord("cart", vocabulary.Intern("cart"), 0);  // twice as frequent as "card"
  const struct {
    const char* what;
    const char* written;
    std::vector<std::string> meant;
  } cases[] = {
      {"one slip", "kettel", {"kettle"}},
      {"two slips in a long word", "warrenyt", {"warranty"}},
      {"two slips in a short word are another word", "oredres", {}},
      {"the more frequent word first", "carx", {"cart", "card"}},
      {"a short word must begin alike", "bard", {}},
      {"three letters are not corrected", "ord", {}},
      {"numbers are not corrected", "jp1002", {}},
      {"noise", "xkcdxkcd", {}},
  };
  for (const auto& c : cases) {
    std::vector<std::string> meant;
    for (const TermId term : vocabulary.Corrections(c.written))
      meant.push_back(vocabulary.text(term));
    EXPECT_THAT(meant, ElementsAreArray(c.meant)) << c.what;
  }
}

TEST(Vocabulary, ForgetsWordsThatNoDocumentHas) {
  Vocabulary vocabulary;
  const uint32_t word = vocabulary.AddWord("kettle", vocabulary.Intern("kettl"), 0);
  EXPECT_NE(vocabulary.TermsOf("kettle"), nullptr);
  vocabulary.RemoveWord(word);
  EXPECT_EQ(vocabulary.TermsOf("kettle"), nullptr);
  EXPECT_TRUE(vocabulary.Corrections("kettel").empty());
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
