#include "services/escalation/parts.h"

#include <algorithm>

namespace switchboard::escalation {
namespace {

constexpr size_t kWordsMin = 3;

size_t CountWords(std::string_view text) {
  size_t words = 0;
  bool in_word = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\n';
    words += !space && !in_word;
    in_word = !space;
  }
  return words;
}

}  // namespace

void SplitParts(std::string_view message, std::vector<std::string_view>& parts) {
  parts.clear();
  size_t begin = 0;
  while (begin < message.size() && parts.size() + 1 < kPartsMax) {
    size_t end = begin;
    do {
      end = message.find_first_of(".!?;:,\n", end);
      if (end == std::string_view::npos) break;
      ++end;
    } while (CountWords(message.substr(begin, end - begin)) < kWordsMin);
    if (end == std::string_view::npos || CountWords(message.substr(end)) < kWordsMin) break;
    parts.push_back(message.substr(begin, end - begin));
    begin = end;
  }
  parts.push_back(message.substr(begin));
}

}  // namespace switchboard::escalation
