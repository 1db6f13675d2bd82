// Turns text into the terms that are indexed and searched: words, accents folded, stop words out,
// stemmed by the language's Snowball stemmer.
//
//   ASSIGN_OR_RETURN(auto analyzer, Analyzer::Load("services/knowledge-retrieval/data"));
//   analyzer->Terms("Où sont mes colis expédiés ?", "fr");   // {"col", "expedi"}
//
// A stem is taken from the word as written, accents included, because the French and Spanish
// stemmers need them, and folded afterwards. Not thread-safe: the stemmers keep state.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"

struct sb_stemmer;

namespace switchboard::knowledge_retrieval {

// The languages with a stemmer and lists, in the order of their numbers.
inline constexpr std::string_view kLanguages[] = {"en", "fr", "es", "de"};
inline constexpr int kLanguageCount = 4;

// "fr-CA" → 1; a language without a stemmer → -1.
int LanguageNumber(std::string_view tag);

struct Word {
  std::string lower;   // as written, lower case, accents kept
  std::string folded;  // without accents
  size_t begin = 0;    // byte offsets [begin, end) in the text
  size_t end = 0;
  bool capital = false;  // begins with a capital letter
};

// Words of `text`: letters and digits. "l'envoi" gives "envoi", "customer's" "customer", "don't"
// "dont", "e-mail" "email", "JP-1001" "jp1001", "click-and-collect" three words.
std::vector<Word> SplitWords(std::string_view text);

// Words of one meaning, of several languages.
struct SynonymGroup {
  // By language: folded stems of each entry, several stems of a phrase joined with a space.
  std::vector<std::string> entries[kLanguageCount];
};

class Analyzer {
 public:
  // Reads stopwords.json and synonyms.json; InvalidArgument names the file and every bad entry.
  static absl::StatusOr<std::unique_ptr<Analyzer>> Load(const std::string& data_dir);
  ~Analyzer();

  // Folded stem; a language without a stemmer (-1) gives the folded word.
  std::string Stem(const Word& word, int language) const;
  bool IsStopWord(const std::string& folded, int language) const;
  // Stems of the content words, in order. Stop words of `language` only; -1: none.
  std::vector<std::string> Terms(std::string_view text, int language) const;

  // The language whose function words and letters the text uses; -1 when there is no telling.
  int DetectLanguage(std::string_view text, const std::vector<Word>& words) const;

  // Groups that hold this stem, or stems joined with a space.
  const std::vector<uint32_t>* GroupsOf(const std::string& stems, int language) const;
  const SynonymGroup& group(uint32_t number) const { return groups_[number]; }

  // Changes with the stop words: what was analysed with others is no longer good.
  const std::string& fingerprint() const { return fingerprint_; }

  // Longest phrase of synonyms.json, words.
  static constexpr size_t kPhraseWordsMax = 3;

 private:
  Analyzer();
  absl::Status LoadStopWords(const std::string& path);
  absl::Status LoadSynonyms(const std::string& path);

  std::vector<sb_stemmer*> stemmers_;
  std::string fingerprint_;
  absl::flat_hash_set<std::string> stop_words_[kLanguageCount];
  std::vector<SynonymGroup> groups_;
  absl::flat_hash_map<std::string, std::vector<uint32_t>> groups_of_[kLanguageCount];
};

}  // namespace switchboard::knowledge_retrieval
