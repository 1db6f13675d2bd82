// The terms of the index with how often they occur, and the words they came from: what tells a
// typing error from a word, and a rare word from a common one.
//
//   vocabulary.Corrections("expresso")   // {"espresso"'s terms}
//
// Grows with the distinct words ever indexed (about 120 bytes each); removal only lowers counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace switchboard::knowledge_retrieval {

using TermId = uint32_t;

class Vocabulary {
 public:
  static constexpr TermId kNone = ~TermId{0};

  TermId Intern(std::string_view term);
  // kNone when never seen.
  TermId Find(std::string_view term) const;
  const std::string& text(TermId term) const { return terms_[term].text; }
  // Passages that hold the term.
  uint32_t passages(TermId term) const { return terms_[term].passages; }
  void AddPassages(TermId term, int difference) { terms_[term].passages += difference; }

  // A word of a document, its folded form and the term it became in the document's language
  // (-1: none of ours). Returns its number, to be given back to RemoveWord.
  uint32_t AddWord(std::string_view folded, TermId term, int language);
  void RemoveWord(uint32_t word);

  // Terms that this very word became, in any language; null when no document has it.
  const std::vector<TermId>* TermsOf(std::string_view folded) const;
  // Bit mask of the languages whose documents have the word.
  uint32_t LanguagesOf(std::string_view folded) const;

  // Terms of the known words nearest to one that is not known: one edit (a letter more, less,
  // other, or two swapped) from 4 letters on, two from 8 letters on; the fewest edits first, then
  // the most frequent, at most `kCorrectionsMax`. Words with digits are never corrected.
  std::vector<TermId> Corrections(std::string_view folded) const;
  static constexpr size_t kCorrectionsMax = 3;

  size_t term_count() const { return terms_.size(); }
  size_t word_count() const { return words_.size(); }

 private:
  struct Term {
    std::string text;
    uint32_t passages = 0;
  };
  struct KnownWord {
    std::string folded;
    uint32_t letters = 0;  // which letters it has, to skip most comparisons
    uint32_t uses = 0;     // documents
    uint32_t languages = 0;
    std::vector<TermId> terms;
  };

  std::vector<Term> terms_;
  absl::flat_hash_map<std::string, TermId> term_of_;
  std::vector<KnownWord> words_;
  absl::flat_hash_map<std::string, uint32_t> word_of_;
  std::vector<std::vector<uint32_t>> words_of_length_;  // bytes of the folded form
};

// Damerau-Levenshtein distance (optimal string alignment), or `limit` + 1 when it is larger.
int EditDistance(std::string_view a, std::string_view b, int limit);

}  // namespace switchboard::knowledge_retrieval
