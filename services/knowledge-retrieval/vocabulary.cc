#include "services/knowledge-retrieval/vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

// Longer words are not corrected: they are no words.
constexpr size_t kCorrectedBytesMax = 32;

uint32_t LetterMask(std::string_view word) {
  uint32_t mask = 0;
  for (const char c : word) mask |= 1u << (static_cast<unsigned char>(c) & 31);
  return mask;
}

bool HasDigit(std::string_view word) {
  return word.find_first_of("0123456789") != std::string_view::npos;
}

int EditsAllowed(std::string_view word) { return word.size() >= 8 ? 2 : word.size() >= 4 ? 1 : 0; }

// Short words have so many neighbours that the first letter, which people seldom miss, must agree.
constexpr size_t kFirstLetterAgreesBelow = 6;

}  // namespace

int EditDistance(std::string_view a, std::string_view b, int limit) {
  const int rows = a.size();
  const int columns = b.size();
  if (std::abs(rows - columns) > limit) return limit + 1;
  if (columns > static_cast<int>(kCorrectedBytesMax) + 2) return limit + 1;
  int before[kCorrectedBytesMax + 3];
  int previous[kCorrectedBytesMax + 3];
  int current[kCorrectedBytesMax + 3];
  for (int j = 0; j <= columns; ++j) previous[j] = j;
  for (int i = 1; i <= rows; ++i) {
    current[0] = i;
    int smallest = i;
    for (int j = 1; j <= columns; ++j) {
      const int replaced = previous[j - 1] + (a[i - 1] != b[j - 1]);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
      smallest = std::min(smallest, current[j]);
    }
    if (smallest > limit) return limit + 1;
    std::copy(previous, previous + columns + 1, before);
    std::copy(current, current + columns + 1, previous);
  }
  return std::min(previous[columns], limit + 1);
}

TermId Vocabulary::Intern(std::string_view term) {
  const auto known = term_of_.find(ToAbsl(term));
  if (known != term_of_.end()) return known->second;
  terms_.push_back({std::string(term)});
  return term_of_[terms_.back().text] = static_cast<TermId>(terms_.size() - 1);
}

TermId Vocabulary::Find(std::string_view term) const {
  const auto found = term_of_.find(ToAbsl(term));
  return found == term_of_.end() ? kNone : found->second;
}

uint32_t Vocabulary::AddWord(std::string_view folded, TermId term, int language) {
  auto entry = word_of_.find(ToAbsl(folded));
  if (entry == word_of_.end()) {
    entry = word_of_.emplace(std::string(folded), words_.size()).first;
    words_.push_back({std::string(folded), LetterMask(folded)});
    if (words_of_length_.size() <= folded.size()) words_of_length_.resize(folded.size() + 1);
    words_of_length_[folded.size()].push_back(entry->second);
  }
  KnownWord& word = words_[entry->second];
  ++word.uses;
  if (language >= 0) word.languages |= 1u << language;
  if (std::find(word.terms.begin(), word.terms.end(), term) == word.terms.end()) {
    word.terms.push_back(term);
  }
  return entry->second;
}

void Vocabulary::RemoveWord(uint32_t word) { --words_[word].uses; }

const std::vector<TermId>* Vocabulary::TermsOf(std::string_view folded) const {
  const auto found = word_of_.find(ToAbsl(folded));
  if (found == word_of_.end() || words_[found->second].uses == 0) return nullptr;
  return &words_[found->second].terms;
}

uint32_t Vocabulary::LanguagesOf(std::string_view folded) const {
  const auto found = word_of_.find(ToAbsl(folded));
  if (found == word_of_.end() || words_[found->second].uses == 0) return 0;
  return words_[found->second].languages;
}

std::vector<TermId> Vocabulary::Corrections(std::string_view folded) const {
  const int limit = EditsAllowed(folded);
  if (limit == 0 || folded.size() > kCorrectedBytesMax || HasDigit(folded)) return {};
  struct Candidate {
    int edits;
    const KnownWord* word;
  };
  std::vector<Candidate> candidates;
  const uint32_t letters = LetterMask(folded);
  const size_t longest = std::min(folded.size() + limit + 1, words_of_length_.size());
  for (size_t length = folded.size() - limit; length < longest; ++length) {
    for (const uint32_t number : words_of_length_[length]) {
      const KnownWord& word = words_[number];
      // An edit changes at most two letters of the mask: one leaves, one comes.
      if (std::popcount(letters ^ word.letters) > 2 * limit || word.uses == 0) continue;
      if (folded.size() < kFirstLetterAgreesBelow && word.folded[0] != folded[0]) continue;
      const int edits = EditDistance(folded, word.folded, limit);
      if (edits <= limit && !HasDigit(word.folded)) candidates.push_back({edits, &word});
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.edits != b.edits) return a.edits < b.edits;
    if (a.word->uses != b.word->uses) return a.word->uses > b.word->uses;
    return a.word->folded < b.word->folded;
  });
  std::vector<TermId> terms;
  for (const Candidate& candidate : candidates) {
    if (candidate.edits > candidates.front().edits) break;
    for (const TermId term : candidate.word->terms) {
      if (terms.size() == kCorrectionsMax) return terms;
      if (std::find(terms.begin(), terms.end(), term) == terms.end()) terms.push_back(term);
    }
  }
  return terms;
}

}  // namespace switchboard::knowledge_retrieval
