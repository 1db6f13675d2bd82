// The pass over a text that fills Statements: pieces (statement_pieces.cc), then dates, quantities,
// meanings, ranges of days, negations and bounds (statement.cc). Internal to statement.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "services/critic-supervisor/critic/statement.h"

namespace switchboard::critic {

// One pass over a text.
class Reader {
 public:
  Reader(std::string_view text, int language, Statements& out)
      : text_(text),
        language_(std::max(language, 0)),
        german_(language < 0),
        vocabulary_(Vocabulary::Shared()),
        out_(out),
        first_(out.words.size()) {}

  void Run();

 private:
  // A word as it was written, before it is given its meaning.
  struct Raw {
    std::string folded;
    uint32_t begin, size;
    bool capital, starts, clause_end_before, sentence_end_before, line_before;
    char sign = 0;  // a currency or percent sign stands before or behind the number
    bool number = false, identifier = false;
    int32_t date = -1;
    bool question = false;  // a question mark stands before it
    double value = 0, other = 0;
    int minutes = -1;  // "8:30"
  };

  void Split();
  void ReadNumber(size_t& i);
  void Interpret();
  size_t MatchPhrase(size_t i, const Meaning*& meaning) const;
  void Emit(size_t i, const Meaning* meaning);
  void EndSentence(bool question);
  void ReadDates();
  void ReadUnits();
  void ReadQuantity(size_t i);
  void ReadWeekdayRanges();
  void ReadNegations();
  void ReadBounds();
  bool WordIs(size_t i, std::initializer_list<std::string_view> words) const;

  std::string_view text_;
  int language_;
  bool german_;  // or another language without a vocabulary
  const Vocabulary& vocabulary_;
  Statements& out_;
  size_t first_;
  std::vector<Raw> raw_;
  std::vector<int32_t> unit_of_;  // raw → quantity
  std::vector<bool> consumed_;    // raw words that belong to a quantity
  std::vector<uint32_t> origin_;  // emitted word → raw
  std::string pending_;
};

}  // namespace switchboard::critic
