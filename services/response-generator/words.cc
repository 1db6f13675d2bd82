#include "services/response-generator/words.h"

#include "common/base/text.h"

namespace switchboard::response_generator {
namespace {

struct Suffix {
  std::string_view ending;
  // Letters that must remain.
  size_t rest_min;
};

// Longest first. Short vowels need a longer rest, or "care" would become "car".
constexpr Suffix kSuffixes[] = {
    {"aciones", 4}, {"ciones", 4}, {"ations", 4}, {"ements", 4}, {"ation", 4}, {"acion", 4},
    {"ement", 4},   {"ingly", 4},  {"ados", 4},   {"adas", 4},   {"cion", 4},  {"ado", 4},
    {"ada", 4},     {"ees", 4},    {"ies", 4},    {"ing", 3},    {"ons", 4},   {"ed", 3},
    {"es", 4},      {"ee", 4},     {"ez", 4},     {"er", 4},     {"ar", 4},    {"ir", 4},
    {"as", 4},      {"os", 4},     {"ly", 4},     {"s", 3},      {"e", 4},     {"a", 4},
    {"o", 4},       {"y", 4},
};

}  // namespace

std::string_view Stem(std::string_view word) {
  if (word.size() <= 3 || (word[0] >= '0' && word[0] <= '9')) return word;
  // Twice, for "deliveries" → "deliver" → "deliv"; a third pass found nothing in our documents.
  for (int pass = 0; pass < 2; ++pass) {
    for (const Suffix& suffix : kSuffixes) {
      if (word.size() < suffix.rest_min + suffix.ending.size()) continue;
      if (word.back() != suffix.ending.back() || !word.ends_with(suffix.ending)) continue;
      if (suffix.ending == "s" && word.ends_with("ss")) continue;
      word.remove_suffix(suffix.ending.size());
      break;
    }
  }
  // "shipp(ed)" → "ship", "cancell(ation)" → "cancel".
  if (word.size() > 4 && word[word.size() - 1] == word[word.size() - 2]) word.remove_suffix(1);
  return word;
}

bool AppendFolded(std::string_view text, size_t& position, std::string& out) {
  const size_t begin = position;
  const char32_t c = NextCodePoint(text, position);
  // Latin-1 punctuation, general punctuation up to the arrows and symbols, and malformed bytes.
  if (c < 0xc0 || c == 0xd7 || c == 0xf7 || (c >= 0x2000 && c < 0x2c00) || c == 0xfffd)
    return false;
  out += FoldAccents(text.substr(begin, position - begin));
  return true;
}

std::string Normalized(std::string_view text) {
  std::string out = " ";
  ForEachWord(text, [&out](std::string_view word) {
    out += word;
    out += ' ';
  });
  return out;
}

bool ContainsAny(std::string_view normalized, const std::vector<std::string>& phrases) {
  for (const std::string& phrase : phrases) {
    if (normalized.find(phrase) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace switchboard::response_generator
