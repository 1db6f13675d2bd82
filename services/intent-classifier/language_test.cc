#include "services/intent-classifier/language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/base/file.h"
#include "common/learning/dataset.h"
#include "common/learning/evaluation.h"

namespace switchboard::intent_classifier {
namespace {

LanguageDetector Load() {
  const auto json = ReadFile(SWITCHBOARD_DATA_DIR "/languages.json");
  EXPECT_TRUE(json.ok()) << json.status();
  auto detector = LanguageDetector::FromJson(json.value_or(""));
  EXPECT_TRUE(detector.ok()) << detector.status();
  return *std::move(detector);
}

TEST(Language, IsToldFromAShortMessage) {
  const LanguageDetector detector = Load();
  struct Case {
    const char* what;
    const char* text;
    const char* language;
  };
  const Case cases[] = {
      {"an English question", "how long does it take to get to Scotland?", "en"},
      {"English without vowels' care", "wher is my pakage", "en"},
      {"a French question", "Quand est-ce que je serai livrée ?", "fr"},
      {"French without accents", "ou est mon colis svp", "fr"},
      {"a Spanish question", "¿Cuándo me llega el sofá?", "es"},
      {"Spanish without accents", "quiero devolver el sofa, como lo hago", "es"},
      {"a German question", "Wann kommt denn endlich mein Sofa an?", "de"},
      {"a German demand", "Geld zurück, sofort", "de"},
      {"an Italian question", "quando mi arriva il divano?", "it"},
      {"an Italian demand", "rivoglio i miei soldi", "it"},
      {"a Portuguese question", "quando chega o meu sofá?", "pt"},
      {"a Brazilian one", "vocês entregam no fim de semana?", "pt"},
      {"a Dutch question", "wanneer wordt mijn bank geleverd?", "nl"},
      {"one English word", "where", "en"},
      {"one French word", "bonjour", "fr"},
      {"one Spanish word", "hola", "es"},
      {"one German word", "danke", "de"},
      {"numbers and addresses do not matter",
       "où est 10452 someone@example.com https://the.example", "fr"},
      {"numbers only", "10452", "und"},
      {"an identifier", "JP-1001", "und"},
      {"signs only", "?!", "und"},
      {"nothing", "", "und"},
      {"another script", "где мой заказ", "und"},
  };
  for (const Case& c : cases) {
    const Language found = detector.Detect(c.text);
    EXPECT_EQ(found.code, c.language) << c.what << ": " << c.text << " " << found.confidence;
    EXPECT_GE(found.confidence, 0) << c.what;
    EXPECT_LE(found.confidence, 1) << c.what;
  }
}

TEST(Language, IsRightForTheUtterancesOfThreeWordsAndMore) {
  const LanguageDetector detector = Load();
  for (const char* file : {"/data/train.jsonl", "/data/holdout.jsonl"}) {
    const auto lines = ReadFile(std::string(SWITCHBOARD_DATA_DIR) + file);
    ASSERT_TRUE(lines.ok()) << lines.status();
    const auto examples = learning::ParseDataset(*lines);
    ASSERT_TRUE(examples.ok()) << examples.status();
    std::map<std::string, learning::Share> shares;
    std::vector<std::pair<double, bool>> decisions;
    for (const learning::Example& example : *examples) {
      if (std::count(example.text.begin(), example.text.end(), ' ') < 2) continue;
      learning::Share& share = shares[example.language];
      const Language found = detector.Detect(example.text);
      ++share.all;
      share.right += found.code == example.language;
    }
    for (const auto& [language, share] : shares) {
      EXPECT_GE(share.value(), 0.98) << file << " " << language;
      std::printf("%s %s %.4f of %zu\n", file, language.c_str(), share.value(), share.all);
    }
  }
}

TEST(Language, RefusesListsThatAreNotWhatTheyShouldBe) {
  for (const char* json :
       {"", "[]", "{}", R"({"languages": []})",
        R"({"languages": [{"code": "en"}, {"code": "fr"}]})",
        R"({"languages": [{"code": "en", "words": [1], "sentences": []}, {}]})",
        R"({"languages": [{"code": "en", "prior": 1e308, "words": [], "sentences": []},
                          {"code": "fr", "words": [], "sentences": []}]})",
        R"({"languages": [{"code": "en", "prior": "2", "words": [], "sentences": []},
                          {"code": "fr", "words": [], "sentences": []}]})"}) {
    EXPECT_FALSE(LanguageDetector::FromJson(json).ok()) << json;
  }
}

}  // namespace
}  // namespace switchboard::intent_classifier
