// Tells the language of a short message: en, fr, es, de, it, pt or nl.
//
//   ASSIGN_OR_RETURN(const LanguageDetector detector, LanguageDetector::FromJson(languages_json));
//   detector.Detect("où est mon colis")   // {"fr", 0.99}
//   detector.Detect("10452")              // {"und", 0}
//
// Naive Bayes over two kinds of evidence: frequent words, and 1- to 3-grams of letters, both from
// the word lists and sentences of languages.json, read with and without their accents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace switchboard::intent_classifier {

struct Language {
  std::string_view
      code;           // BCP 47, "und" when the text does not tell; lives as long as the detector
  double confidence;  // 0 to 1
};

class LanguageDetector {
 public:
  // {"languages": [{"code": "en", "prior": 1, "words": ["the", …], "sentences": ["Where is …", …]},
  // …]} `prior` is how much likelier than a language without one, as a natural logarithm: most
  // customers write in a few of the languages. Default 0. InvalidArgument names what is wrong.
  static absl::StatusOr<LanguageDetector> FromJson(std::string_view json);

  Language Detect(std::string_view text) const;

 private:
  static constexpr size_t kLanguagesMax = 16;
  // Log-likelihoods of one n-gram or word under each language, less their mean.
  struct Evidence {
    float score[kLanguagesMax] = {};
  };

  LanguageDetector() = default;

  std::vector<std::string> codes_;
  Evidence prior_;
  absl::flat_hash_map<uint64_t, Evidence> words_;
  absl::flat_hash_map<uint64_t, Evidence> grams_;
};

}  // namespace switchboard::intent_classifier
