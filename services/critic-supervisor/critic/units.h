// What single words of a text say about numbers, units and days, in English, French, Spanish and a
// little German. Words are folded. Used by statement.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "services/critic-supervisor/critic/statement.h"

namespace switchboard::critic {

struct UnitName {
  const char* name;
  Unit unit;
  double factor;  // to the unit's base: minutes, grams, …
  uint8_t scale;  // Quantity::scale
};

// nullptr: no unit.
const UnitName* FindUnit(std::string_view word);

// "working", "ouvrés", "hábiles": makes working days of the days beside it.
bool IsWorking(std::string_view word);

// The number that the word spells; -1: none. `language` as LanguageIndex gives it.
int FindNumber(std::string_view word, int language);

// 0 Monday to 6 Sunday; -1 for other words.
int FindWeekday(std::string_view word);

// The first letters of the word without its ending, as a number.
uint64_t StemKey(std::string_view word);

// Both readings of digits with separators: "1.350" may be 1350 or 1.35.
void ValueOf(std::string_view number, double& value, double& other);

// A word that no list knows is likelier a verb behind a pronoun or an auxiliary, at the beginning
// of a sentence (`before` empty), or with the ending of one.
bool LooksLikeVerb(std::string_view word, std::string_view before, int language);

}  // namespace switchboard::critic
