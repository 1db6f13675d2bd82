#include "common/learning/clauses.h"

#include <algorithm>

namespace switchboard::learning {
namespace {

constexpr size_t kWordsMin = 3;

// Length of a separator at `text`'s beginning, 0 when there is none.
size_t SeparatorLength(std::string_view text) {
  const auto is_space = [&](size_t i) { return i >= text.size() || text[i] == ' '; };
  if (text[0] == '\n' || text[0] == ';') return 1;
  if ((text[0] == '.' || text[0] == '!' || text[0] == '?') && is_space(1)) return 1;
  if (text[0] != ' ') return 0;
  for (const std::string_view word : {"and", "also", "but", "plus", "et", "mais", "puis", "y",
                                      "pero", "además", "und", "aber", "auch", "&"}) {
    if (text.substr(1, word.size()) == word && word.size() + 1 < text.size() &&
        text[word.size() + 1] == ' ') {
      return word.size() + 1;
    }
  }
  return 0;
}

size_t CountWords(std::string_view text) {
  size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool is_word = c != ' ' && c != '\t';
    words += is_word && !inside;
    inside = is_word;
  }
  return words;
}

}  // namespace

void SplitClauses(std::string_view message, std::vector<std::string_view>& clauses) {
  clauses.clear();
  size_t begin = 0;
  for (size_t i = 0; i < message.size() && clauses.size() + 1 < kClausesMax;) {
    const size_t separator = SeparatorLength(message.substr(i));
    if (separator == 0) {
      ++i;
      continue;
    }
    // A part too short goes on until the next separator.
    if (CountWords(message.substr(begin, i - begin)) >= kWordsMin &&
        CountWords(message.substr(i + separator)) >= kWordsMin) {
      const size_t mark = message[i] == ' ' ? 0 : 1;  // "?" belongs to its question
      clauses.push_back(message.substr(begin, i + mark - begin));
      begin = i + separator;
    }
    i += separator;
  }
  if (begin < message.size()) clauses.push_back(message.substr(begin));
}

}  // namespace switchboard::learning
