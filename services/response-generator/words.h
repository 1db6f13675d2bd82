// Words of a text as numbers that can be compared: folded, stemmed lightly, synonyms made one.
//
//   for (const Word& word : lexicon.Words("Où est mon remboursement ?")) …   // one Word a token
//
// Stemming is one suffix list for en, fr and es together: passages of one language are searched
// with questions of another, and the result is only ever compared with itself. Pure; no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::response_generator {

// FNV-1a, 64 bits. Stable across processes, so that wording chosen by it is, too.
constexpr uint64_t Hash(std::string_view text) {
  uint64_t hash = 14695981039346656037ull;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  }
  return hash;
}

// A folded word without its ending: "refunded" → "refund", "cancelar" → "cancel".
std::string_view Stem(std::string_view word);

// Calls `visit(std::string_view word)` for each run of letters and digits, folded to lower-case
// ASCII where the letter has an ASCII base. The view is valid during the call only.
template <typename Visit>
void ForEachWord(std::string_view text, Visit visit);

// " where is my order " : folded words, one space around each, so that a phrase is found with one
// find() and never inside a longer word.
std::string Normalized(std::string_view text);

// True when one of the phrases (themselves Normalized) stands in `normalized`.
bool ContainsAny(std::string_view normalized, const std::vector<std::string>& phrases);

// Letters of a non-ASCII code point appended folded; false when it separates words.
bool AppendFolded(std::string_view text, size_t& position, std::string& out);

template <typename Visit>
void ForEachWord(std::string_view text, Visit visit) {
  std::string word;
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      word.push_back(static_cast<char>(c));
      ++i;
    } else if (c >= 'A' && c <= 'Z') {
      word.push_back(static_cast<char>(c + 32));
      ++i;
    } else if (c < 0x80 || !AppendFolded(text, i, word)) {
      if (c < 0x80) ++i;
      if (!word.empty()) visit(std::string_view(word));
      word.clear();
    }
  }
  if (!word.empty()) visit(std::string_view(word));
}

}  // namespace switchboard::response_generator
