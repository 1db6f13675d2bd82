#include "services/knowledge-retrieval/analyzer.h"

#include <libstemmer.h>

#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "services/knowledge-retrieval/data_file.h"

namespace switchboard::knowledge_retrieval {
namespace {

using nlohmann::json;

constexpr const char* kStemmerNames[kLanguageCount] = {"english", "french", "spanish", "german"};

// Letters that one of our languages has and the others hardly use, in lower case.
constexpr std::u32string_view kOwnLetters[kLanguageCount] = {U"", U"çœèêâîôûëï", U"ñ¿¡óíá",
                                                             U"ßäöü"};

}  // namespace

Analyzer::Analyzer() {
  for (const char* name : kStemmerNames) stemmers_.push_back(sb_stemmer_new(name, "UTF_8"));
}

Analyzer::~Analyzer() {
  for (sb_stemmer* stemmer : stemmers_) sb_stemmer_delete(stemmer);
}

absl::StatusOr<std::unique_ptr<Analyzer>> Analyzer::Load(const std::string& data_dir) {
  std::unique_ptr<Analyzer> analyzer(new Analyzer);
  RETURN_IF_ERROR(analyzer->LoadStopWords(data_dir + "/stopwords.json"));
  RETURN_IF_ERROR(analyzer->LoadSynonyms(data_dir + "/synonyms.json"));
  return analyzer;
}

absl::Status Analyzer::LoadStopWords(const std::string& path) {
  ASSIGN_OR_RETURN(const json document, ReadJsonFile(path));
  fingerprint_ = Sha256Hex(document.dump());
  std::vector<std::string> errors;
  for (const auto& [tag, words] : document.items()) {
    const int language = LanguageNumber(tag);
    if (language < 0 || !words.is_array()) {
      errors.push_back(StrCat("\"", tag, "\" is not a known language with a list of words"));
      continue;
    }
    for (const json& word : words) {
      if (word.is_string()) {
        stop_words_[language].insert(FoldAccents(word.get<std::string>()));
      } else {
        errors.push_back(StrCat("\"", tag, "\": ", word.dump(), " is not a word"));
      }
    }
  }
  return FileErrors(path, errors);
}

absl::Status Analyzer::LoadSynonyms(const std::string& path) {
  ASSIGN_OR_RETURN(const json document, ReadJsonFile(path));
  std::vector<std::string> errors;
  if (!document.contains("groups") || !document["groups"].is_array()) {
    return FileErrors(path, {"has no list \"groups\""});
  }
  for (const json& entry : document["groups"]) {
    SynonymGroup group;
    for (const auto& [tag, phrases] : entry.items()) {
      const int language = LanguageNumber(tag);
      if (language < 0 || !phrases.is_array()) {
        errors.push_back(StrCat("\"", tag, "\" in ", entry.dump(), " is not a language"));
        continue;
      }
      for (const json& phrase : phrases) {
        std::vector<std::string> stems;
        if (phrase.is_string()) {
          for (const Word& word : SplitWords(phrase.get<std::string>())) {
            stems.push_back(Stem(word, language));
          }
        }
        if (stems.empty() || stems.size() > kPhraseWordsMax) {
          errors.push_back(StrCat(phrase.dump(), " is not a phrase of 1 to 3 words"));
          continue;
        }
        group.entries[language].push_back(StrJoin(stems, " "));
      }
    }
    const uint32_t number = groups_.size();
    for (int language = 0; language < kLanguageCount; ++language) {
      for (const std::string& stems : group.entries[language]) {
        std::vector<uint32_t>& groups = groups_of_[language][stems];
        if (groups.empty() || groups.back() != number) groups.push_back(number);
      }
    }
    groups_.push_back(std::move(group));
  }
  return FileErrors(path, errors);
}

std::string Analyzer::Stem(const Word& word, int language) const {
  if (language < 0) return word.folded;
  sb_stemmer* stemmer = stemmers_[language];
  const sb_symbol* stem = sb_stemmer_stem(
      stemmer, reinterpret_cast<const sb_symbol*>(word.lower.data()), word.lower.size());
  if (stem == nullptr) return word.folded;  // out of memory
  return FoldAccents(
      {reinterpret_cast<const char*>(stem), static_cast<size_t>(sb_stemmer_length(stemmer))});
}

bool Analyzer::IsStopWord(const std::string& folded, int language) const {
  return language >= 0 && stop_words_[language].contains(folded);
}

std::vector<std::string> Analyzer::Terms(std::string_view text, int language) const {
  std::vector<std::string> terms;
  for (const Word& word : SplitWords(text)) {
    if (!IsStopWord(word.folded, language)) terms.push_back(Stem(word, language));
  }
  return terms;
}

int Analyzer::DetectLanguage(std::string_view text, const std::vector<Word>& words) const {
  double scores[kLanguageCount] = {};
  for (const Word& word : words) {
    int holders = 0;
    for (const auto& list : stop_words_) holders += list.contains(word.folded);
    for (int language = 0; language < kLanguageCount; ++language) {
      if (stop_words_[language].contains(word.folded)) scores[language] += 1.0 / holders;
    }
  }
  const std::string lower = ToLower(text);
  for (size_t i = 0; i < lower.size();) {
    const char32_t c = NextCodePoint(lower, i);
    if (c < 0x80) continue;
    for (int language = 0; language < kLanguageCount; ++language) {
      if (kOwnLetters[language].find(c) != std::u32string_view::npos) scores[language] += 0.5;
    }
  }
  int best = 0;
  for (int language = 1; language < kLanguageCount; ++language) {
    if (scores[language] > scores[best]) best = language;
  }
  int rivals = 0;
  for (const double score : scores) rivals += score == scores[best];
  return rivals == 1 ? best : -1;
}

const std::vector<uint32_t>* Analyzer::GroupsOf(const std::string& stems, int language) const {
  if (language < 0) return nullptr;
  const auto found = groups_of_[language].find(stems);
  return found == groups_of_[language].end() ? nullptr : &found->second;
}

}  // namespace switchboard::knowledge_retrieval
