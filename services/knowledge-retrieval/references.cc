#include "services/knowledge-retrieval/references.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

constexpr size_t kBareDigitsMin = 5;
constexpr size_t kCodeDigitsMin = 3;
constexpr size_t kDigitsMax = 12;
constexpr size_t kLettersMax = 5;

bool IsDigit(std::string_view text, size_t i) {
  return i < text.size() && absl::ascii_isdigit(text[i]);
}
bool IsLetter(std::string_view text, size_t i) {
  return i < text.size() && absl::ascii_isalpha(text[i]);
}
// A letter of any script: bytes above ASCII count.
bool IsWide(std::string_view text, size_t i) {
  return i < text.size() && static_cast<unsigned char>(text[i]) >= 0x80;
}

// The digits [begin, end) are part of an amount, a date or a telephone number.
bool InLongerNumber(std::string_view text, size_t begin, size_t end) {
  if (begin > 0 && text[begin - 1] == '+') return true;
  const auto joins = [](char c) {
    return c == '.' || c == ',' || c == '/' || c == '-' || c == ':';
  };
  if (begin > 1 && joins(text[begin - 1]) && IsDigit(text, begin - 2)) return true;
  return end + 1 < text.size() && joins(text[end]) && IsDigit(text, end + 1);
}

// Reads the code around the digits [begin, end). False when it is something else.
bool ReadReference(std::string_view text, size_t begin, size_t end, Reference& reference) {
  size_t letters_end = begin;
  const bool hyphen = begin > 1 && text[begin - 1] == '-' && IsLetter(text, begin - 2);
  if (hyphen) --letters_end;
  size_t letters = letters_end;
  while (letters > 0 && IsLetter(text, letters - 1)) --letters;
  size_t after = end;
  while (IsLetter(text, after)) ++after;
  if (letters > 0 &&
      (IsDigit(text, letters - 1) || text[letters - 1] == '@' || text[letters - 1] == '.')) {
    return false;
  }
  if (after < text.size() && (text[after] == '@' || text[after] == '_')) return false;
  if (IsDigit(text, after) || IsWide(text, after) ||
      (letters > 0 && IsWide(text, letters - 1) && letters != begin)) {
    return false;
  }
  reference.prefix = AsciiStrToLower(text.substr(letters, letters_end - letters));
  reference.digits = std::string(text.substr(begin, end - begin));
  reference.suffix = AsciiStrToLower(text.substr(end, after - end));
  if (reference.prefix.size() > kLettersMax || reference.suffix.size() > kLettersMax) return false;
  if (reference.prefix == "ord" || reference.prefix == "order") {
    reference.prefix.clear();
    reference.marked = true;
  }
  if (begin > 0 && text[begin - 1] == '#') reference.marked = true;
  if (reference.prefix.empty()) {
    return reference.suffix.empty() && reference.digits.size() >= kBareDigitsMin;
  }
  return reference.digits.size() >= kCodeDigitsMin;
}

}  // namespace

std::vector<Reference> FindReferences(std::string_view text) {
  std::vector<Reference> found;
  for (size_t i = 0; i < text.size() && found.size() < kReferencesMax;) {
    if (!IsDigit(text, i)) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (IsDigit(text, i)) ++i;
    Reference reference;
    if (i - begin > kDigitsMax || InLongerNumber(text, begin, i)) continue;
    if (!ReadReference(text, begin, i, reference)) continue;
    const bool known = std::any_of(found.begin(), found.end(), [&](const Reference& other) {
      return other.prefix == reference.prefix && other.digits == reference.digits &&
             other.suffix == reference.suffix;
    });
    if (!known) found.push_back(std::move(reference));
  }
  return found;
}

}  // namespace switchboard::knowledge_retrieval
