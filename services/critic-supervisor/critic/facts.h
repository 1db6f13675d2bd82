// The checkable facts of a text: numbers, dates and identifiers, each in one form whatever the
// language wrote it in. "189,00 €" and "189.0" are the same number; "21 novembre 2026", "November
// 21" and "2026-11-21" the same day.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::critic {

struct Date {
  int year = 0;  // 0: not said
  int month = 0, day = 0;
  auto operator<=>(const Date&) const = default;
};

struct Facts {
  std::vector<Date> dates;
  // Each number in its possible readings: "1.350" may be 1350 or 1.35.
  std::vector<std::vector<std::string>> numbers;
  // Words that mix letters and digits, folded: "jp-1001".
  std::vector<std::string> identifiers;
  // Web and e-mail addresses, folded.
  std::vector<std::string> addresses;
  bool empty() const {
    return dates.empty() && numbers.empty() && identifiers.empty() && addresses.empty();
  }
};

// `folded` is a text that FoldAccents has folded. With `number_words`, "two" counts as 2.
Facts ExtractFacts(std::string_view folded, bool number_words);

// 1 to 12 for the name of a month, 0 for other words.
int MonthNamed(std::string_view folded);

// The date of digits only that begins at `begin`: 2026-11-21, 21/11/2026, 21.11.2026. Returns its
// end, `begin` when there is none.
size_t NumericDateAt(std::string_view text, size_t begin, Date& date);

// The day is the same, and so is the year when both say it.
bool SameDay(const Date& a, const Date& b);

}  // namespace switchboard::critic
