#include "services/critic-supervisor/critic/facts.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace switchboard::critic {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }
bool Letter(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80;
}

using NumberByWord = absl::flat_hash_map<absl::string_view, int>;

const NumberByWord& Months() {
  static const auto* const kMonths = new NumberByWord{
      {"january", 1},   {"jan", 1},        {"janvier", 1},    {"enero", 1},     {"ene", 1},
      {"januar", 1},    {"february", 2},   {"feb", 2},        {"fevrier", 2},   {"fevr", 2},
      {"febrero", 2},   {"februar", 2},    {"march", 3},      {"mar", 3},       {"mars", 3},
      {"marzo", 3},     {"marz", 3},       {"maerz", 3},      {"april", 4},     {"apr", 4},
      {"avril", 4},     {"avr", 4},        {"abril", 4},      {"abr", 4},       {"may", 5},
      {"mai", 5},       {"mayo", 5},       {"june", 6},       {"jun", 6},       {"juin", 6},
      {"junio", 6},     {"juni", 6},       {"july", 7},       {"jul", 7},       {"juillet", 7},
      {"juil", 7},      {"julio", 7},      {"juli", 7},       {"august", 8},    {"aug", 8},
      {"aout", 8},      {"agosto", 8},     {"ago", 8},        {"september", 9}, {"sep", 9},
      {"sept", 9},      {"septembre", 9},  {"septiembre", 9}, {"october", 10},  {"oct", 10},
      {"octobre", 10},  {"octubre", 10},   {"oktober", 10},   {"okt", 10},      {"november", 11},
      {"nov", 11},      {"novembre", 11},  {"noviembre", 11}, {"december", 12}, {"dec", 12},
      {"decembre", 12}, {"diciembre", 12}, {"dic", 12},       {"dezember", 12}, {"dez", 12}};
  return *kMonths;
}

const NumberByWord& NumberWords() {
  static const auto* const kWords = new NumberByWord{
      {"one", 1},      {"un", 1},        {"une", 1},       {"uno", 1},      {"una", 1},
      {"ein", 1},      {"eine", 1},      {"two", 2},       {"deux", 2},     {"dos", 2},
      {"zwei", 2},     {"three", 3},     {"trois", 3},     {"tres", 3},     {"drei", 3},
      {"four", 4},     {"quatre", 4},    {"cuatro", 4},    {"vier", 4},     {"five", 5},
      {"cinq", 5},     {"cinco", 5},     {"funf", 5},      {"six", 6},      {"seis", 6},
      {"sechs", 6},    {"seven", 7},     {"sept", 7},      {"siete", 7},    {"sieben", 7},
      {"eight", 8},    {"huit", 8},      {"ocho", 8},      {"acht", 8},     {"nine", 9},
      {"neuf", 9},     {"nueve", 9},     {"neun", 9},      {"ten", 10},     {"dix", 10},
      {"diez", 10},    {"zehn", 10},     {"twelve", 12},   {"douze", 12},   {"doce", 12},
      {"zwolf", 12},   {"fourteen", 14}, {"quatorze", 14}, {"catorce", 14}, {"vierzehn", 14},
      {"fifteen", 15}, {"quinze", 15},   {"quince", 15},   {"twenty", 20},  {"thirty", 30},
      {"trente", 30},  {"treinta", 30}};
  return *kWords;
}

// One of the pieces a text is read in: a word, a number with its separators, or an identifier.
struct Piece {
  enum Kind { kWord, kNumber, kIdentifier, kAddress } kind;
  std::string_view text;
};

// 12.5 and 1,350 hold together; a dot or comma at the end does not belong to the number.
size_t NumberEnd(std::string_view text, size_t i) {
  while (i < text.size()) {
    if (Digit(text[i])) {
      ++i;
    } else if ((text[i] == '.' || text[i] == ',') && i + 1 < text.size() && Digit(text[i + 1])) {
      ++i;
    } else {
      break;
    }
  }
  return i;
}

// "1 350": thousands with a space, when exactly three digits follow and no more.
size_t WithThousands(std::string_view text, size_t begin, size_t end) {
  size_t first = 0;
  while (begin + first < end && Digit(text[begin + first])) ++first;
  if (first > 3 || begin + first != end) return end;
  while (end + 3 < text.size() && text[end] == ' ' && Digit(text[end + 1]) &&
         Digit(text[end + 2]) && Digit(text[end + 3]) &&
         (end + 4 >= text.size() || !Digit(text[end + 4]))) {
    end += 4;
  }
  return NumberEnd(text, end);
}

bool IsAddressByte(char c) {
  return Letter(c) || Digit(c) ||
         std::string_view("@.-_/:%?=&#+").find(c) != std::string_view::npos;
}

// What ordinals and units glue to a number: 21st, 2nd, 1er, 30x, 24h, 6kg, 8pm.
bool IsNumberSuffix(std::string_view letters) {
  constexpr std::string_view kSuffixes[] = {
      "st", "nd", "rd",  "th", "er",  "eme", "e",   "h",   "x",   "g",  "kg",  "w",
      "v",  "l",  "ml",  "m",  "cm",  "mm",  "km",  "mah", "gb",  "mb", "ghz", "hz",
      "am", "pm", "min", "s",  "eur", "usd", "gbp", "c",   "bar", "k",  "d"};
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), letters) != std::end(kSuffixes);
}

// The bytes of "€" or "£" at `i`, which are no letters; 0 for others.
size_t CurrencySize(std::string_view text, size_t i) {
  if (text.substr(i, 3) == "\xE2\x82\xAC") return 3;
  return text.substr(i, 2) == "\xC2\xA3" ? 2 : 0;
}

std::vector<Piece> Split(std::string_view text) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < text.size();) {
    if (const size_t sign = CurrencySize(text, i); sign > 0) {
      i += sign;
      continue;
    }
    if (!Letter(text[i]) && !Digit(text[i])) {
      ++i;
      continue;
    }
    // A run without white space that holds '@', "://" or "www." is one address.
    size_t run = i;
    while (run < text.size() && IsAddressByte(text[run])) ++run;
    std::string_view whole = text.substr(i, run - i);
    if (whole.find('@') != std::string_view::npos || whole.find("://") != std::string_view::npos ||
        whole.substr(0, 4) == "www.") {
      while (!whole.empty() && !Letter(whole.back()) && !Digit(whole.back()) &&
             whole.back() != '/') {
        whole.remove_suffix(1);
      }
      pieces.push_back({Piece::kAddress, whole});
      i += std::max<size_t>(whole.size(), 1);
      continue;
    }
    // Letters, digits and inner hyphens.
    size_t end = i;
    bool letters = false, digits = false;
    while (end < text.size() && (Letter(text[end]) || Digit(text[end]) ||
                                 (text[end] == '-' && end > i && end + 1 < text.size() &&
                                  (Letter(text[end + 1]) || Digit(text[end + 1]))))) {
      if (CurrencySize(text, end) > 0) break;
      letters |= Letter(text[end]);
      digits |= Digit(text[end]);
      ++end;
    }
    const std::string_view word = text.substr(i, end - i);
    size_t lead = 0;
    while (lead < word.size() && Digit(word[lead])) ++lead;
    if (letters && digits && !(lead > 0 && IsNumberSuffix(word.substr(lead))) &&
        word.find('-') == std::string_view::npos) {
      pieces.push_back({Piece::kIdentifier, word});
      i = end;
    } else if (letters && digits && word.find('-') != std::string_view::npos && Letter(word[0]) &&
               Digit(word.back())) {
      pieces.push_back({Piece::kIdentifier, word});
      i = end;
    } else if (Digit(text[i])) {
      const size_t number_end = WithThousands(text, i, NumberEnd(text, i));
      pieces.push_back({Piece::kNumber, text.substr(i, number_end - i)});
      i = number_end;
    } else {
      size_t word_end = i;
      while (word_end < text.size() && Letter(text[word_end])) ++word_end;
      pieces.push_back({Piece::kWord, text.substr(i, word_end - i)});
      i = word_end;
    }
  }
  return pieces;
}

std::string Plain(std::string whole, std::string fraction) {
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (whole.empty()) whole = "0";
  return fraction.empty() ? whole : whole + "." + fraction;
}

// All that the digits may mean: the last separator is decimal, or groups thousands.
std::vector<std::string> Readings(std::string_view number) {
  std::string digits;
  size_t last = std::string_view::npos, separators = 0;
  for (size_t i = 0; i < number.size(); ++i) {
    if (Digit(number[i])) {
      digits.push_back(number[i]);
    } else if (number[i] != ' ') {
      last = i;
      ++separators;
    }
  }
  if (last == std::string_view::npos) return {Plain(digits, "")};
  const size_t tail = number.size() - last - 1;
  std::vector<std::string> readings = {
      Plain(digits.substr(0, digits.size() - tail), digits.substr(digits.size() - tail))};
  if (tail == 3) readings.push_back(Plain(digits, ""));
  return readings;
}

int ToInt(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (!Digit(c) || value > 99999) return -1;
    value = value * 10 + (c - '0');
  }
  return text.empty() ? -1 : value;
}

bool IsDay(int value) { return value >= 1 && value <= 31; }
bool IsMonth(int value) { return value >= 1 && value <= 12; }
bool IsYear(int value) { return value >= 1900 && value <= 2199; }

// Dates of digits only. Replaces them by spaces.
void TakeNumericDates(std::string& text, Facts& facts) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!Digit(text[i])) continue;
    Date date;
    const size_t end = NumericDateAt(text, i, date);
    if (end == i) continue;
    facts.dates.push_back(date);
    for (size_t k = i; k < end; ++k) text[k] = ' ';
    // A time of day glued on (2026-11-21t10:00:00z) is read as numbers of its own.
    if (end < text.size() && text[end] == 't') text[end] = ' ';
  }
}

// "21 (de) november (de) (2026)" or "november 21(,) (2026)" around the month at `i`. Returns the
// pieces taken: [first, last].
bool TakeNamedDate(const std::vector<Piece>& pieces, size_t i, std::vector<bool>& taken,
                   Facts& facts) {
  if (pieces[i].kind != Piece::kWord) return false;
  const auto month = Months().find(absl::string_view(pieces[i].text.data(), pieces[i].text.size()));
  if (month == Months().end()) return false;
  const auto filler = [&](size_t k) {
    return k < pieces.size() && pieces[k].kind == Piece::kWord &&
           (pieces[k].text == "de" || pieces[k].text == "of" || pieces[k].text == "del");
  };
  const auto leading = [&](size_t k) {
    size_t n = 0;
    while (n < pieces[k].text.size() && Digit(pieces[k].text[n])) ++n;
    return pieces[k].kind == Piece::kNumber || pieces[k].kind == Piece::kIdentifier
               ? ToInt(pieces[k].text.substr(0, n))
               : -1;
  };
  Date date{0, month->second, 0};
  size_t before = i;
  if (before > 0 && filler(before - 1)) --before;
  // 1er, 21st: the suffix is a word of its own behind the number.
  if (before > 1 && pieces[before - 1].kind == Piece::kWord &&
      IsNumberSuffix(pieces[before - 1].text))
    --before;
  size_t after = i + 1;
  if (before > 0 && !taken[before - 1] && IsDay(leading(before - 1))) {
    date.day = leading(before - 1);
    for (size_t k = before - 1; k <= i; ++k) taken[k] = true;
  } else if (after < pieces.size() && IsDay(leading(after))) {
    date.day = leading(after);
    taken[i] = taken[after] = true;
    ++after;
    if (after < pieces.size() && pieces[after].kind == Piece::kWord &&
        IsNumberSuffix(pieces[after].text))
      ++after;
  } else {
    return false;
  }
  if (filler(after)) ++after;
  if (after < pieces.size() && IsYear(leading(after))) {
    date.year = leading(after);
    taken[after] = true;
  }
  facts.dates.push_back(date);
  return true;
}

}  // namespace

int MonthNamed(std::string_view folded) {
  const auto found = Months().find(absl::string_view(folded.data(), folded.size()));
  return found == Months().end() ? 0 : found->second;
}

size_t NumericDateAt(std::string_view text, size_t begin, Date& date) {
  if (begin > 0 && (Digit(text[begin - 1]) || Letter(text[begin - 1]))) return begin;
  std::array<int, 3> part{};
  size_t at = begin;
  char separator = 0;
  int count = 0;
  while (count < 3) {
    size_t end = at;
    while (end < text.size() && Digit(text[end]) && end - at < 5) ++end;
    if (end == at) break;
    part[static_cast<size_t>(count++)] = ToInt(text.substr(at, end - at));
    at = end;
    if (count == 3) break;
    if (at >= text.size() || (text[at] != '-' && text[at] != '/' && text[at] != '.')) break;
    if (separator != 0 && text[at] != separator) break;
    separator = text[at++];
  }
  if (count != 3 || (at < text.size() && Digit(text[at]))) return begin;
  if (IsYear(part[0]) && IsMonth(part[1]) && IsDay(part[2])) {
    date = {part[0], part[1], part[2]};
  } else if (IsDay(part[0]) && IsMonth(part[1]) && IsYear(part[2])) {
    date = {part[2], part[1], part[0]};
  } else if (IsMonth(part[0]) && IsDay(part[1]) && IsYear(part[2])) {
    date = {part[2], part[0], part[1]};
  } else {
    return begin;
  }
  return at;
}

bool SameDay(const Date& a, const Date& b) {
  return a.month == b.month && a.day == b.day && (a.year == 0 || b.year == 0 || a.year == b.year);
}

Facts ExtractFacts(std::string_view folded, bool number_words) {
  Facts facts;
  std::string text(folded);
  TakeNumericDates(text, facts);
  const std::vector<Piece> pieces = Split(text);
  std::vector<bool> taken(pieces.size(), false);
  for (size_t i = 0; i < pieces.size(); ++i) TakeNamedDate(pieces, i, taken, facts);
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (taken[i]) continue;
    const Piece& piece = pieces[i];
    switch (piece.kind) {
      case Piece::kNumber:
        facts.numbers.push_back(Readings(piece.text));
        break;
      case Piece::kIdentifier:
        facts.identifiers.emplace_back(piece.text);
        break;
      case Piece::kAddress:
        facts.addresses.emplace_back(piece.text);
        break;
      case Piece::kWord:
        if (!number_words) break;
        const auto number =
            NumberWords().find(absl::string_view(piece.text.data(), piece.text.size()));
        if (number != NumberWords().end())
          facts.numbers.push_back({std::to_string(number->second)});
        break;
    }
  }
  return facts;
}

}  // namespace switchboard::critic
