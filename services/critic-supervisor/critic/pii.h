// Finds personal data and tells whether it may be shown.
//
//   for (const PiiSpan& span : FindPii("call 020 7946 0164 or write to a@b.example")) …
//
// Structured kinds only, each checked as far as its form allows: cards by Luhn, IBANs by their
// check digits, addresses by the parser of the system. Names and street addresses are not looked
// for here: what an answer may name is decided by grounding.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::critic {

enum class PiiType { kEmail, kPhone, kCard, kIban, kSsn, kIp };

std::string_view PiiTypeName(PiiType type);

struct PiiSpan {
  PiiType type;
  size_t begin, end;  // bytes [begin, end) of the text
};

// In order of their place; spans do not overlap.
std::vector<PiiSpan> FindPii(std::string_view text);

// Only digits are looked at; 12 to 19 of them.
bool PassesLuhn(std::string_view text);

// ISO 13616: country, length and the remainder of 97. Spaces are skipped.
bool IsIban(std::string_view text);

// The value in one form, so that two spellings of a number or address are equal: digits alone, or
// lower case without spaces.
std::string CanonicalPii(PiiType type, std::string_view value);

}  // namespace switchboard::critic
