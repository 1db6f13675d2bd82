// A text as the critic compares it: its words by what they mean, its quantities by value and unit.
//
//   Statements statements;
//   Read("Returns are free within 30 days.", "en", statements);
//
// "thirty days", "30 jours" and "one month" are the same quantity, "€189.00" and "189 euros" too,
// "8 pm" and "20 h" the same time of day. A word's key is the meaning the vocabulary gives it, or
// else its first letters without the ending.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/critic-supervisor/critic/facts.h"
#include "services/critic-supervisor/critic/vocabulary.h"

namespace switchboard::critic {

enum class Unit : uint8_t {
  kNone,      // a bare number, or one of things
  kMinutes,   // a duration; every unit of time from seconds to years
  kWorkdays,  // working days are no days
  kEuro,
  kDollar,
  kPound,
  kPercent,
  kTimeOfDay,  // minutes since midnight
  kGrams,
  kMillimetres,
  kMillilitres,
};

struct Quantity {
  Unit unit = Unit::kNone;
  double value = 0;          // in the unit above
  double other_value = 0;    // of "1.350", which may be 1350; else the same
  uint32_t word = 0;         // index of its word
  double count = 0;          // as written, without its unit
  bool spelled = false;      // in letters
  uint8_t scale = 0;         // which word for the unit was written; 0: none
  int8_t bound = 0;          // +1 at least, over, from; -1 at most, under, within
  int8_t order = 0;          // +1 after, -1 before
  bool may_be_time = false;  // "20 h" may be hours or eight in the evening
};

bool SameQuantity(const Quantity& a, const Quantity& b);

struct Word {
  uint64_t key = 0;
  uint64_t stem = 0;  // its first letters, whatever the vocabulary says: names have no language
  WordClass word_class = WordClass::kContent;
  uint16_t clause = 0;    // counts through the text
  int32_t quantity = -1;  // index of its quantity
  int32_t date = -1;      // index of its date
  uint8_t weekdays = 0;   // bit 0 Monday … bit 6 Sunday; a range names all its days
  bool negated = false;   // stands behind a negation of its clause, or means the opposite
  bool opposite = false;  // closed, refuse, forbidden
  bool known = false;     // the vocabulary has it
  bool strong = false, order = false, limits = false, kind = false, thing = false;
  bool name = false;             // capitalised inside a sentence
  bool capital = false;          // capitalised anywhere
  bool verb = false;             // stands or ends like a verb
  bool conjunction = false;      // and, et, y
  bool identifier = false;       // mixes letters and digits
  uint32_t begin = 0, size = 0;  // of the text that was read
};

struct Sentence {
  uint32_t first = 0, last = 0;  // words [first, last)
  uint32_t source = 0;           // which text it was read from; set by the caller
  bool question = false;
};

struct Statements {
  std::vector<Word> words;
  std::vector<Quantity> quantities;
  std::vector<Date> dates;
  std::vector<Sentence> sentences;
  uint16_t clauses = 0;
};

// Appends the sentences of `text`. `language` as LanguageIndex gives it; -1 reads as English.
void Read(std::string_view text, int language, Statements& statements);

}  // namespace switchboard::critic
