#include "services/critic-supervisor/critic/statement.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <iterator>

#include "absl/strings/ascii.h"
#include "common/base/text.h"
#include "services/critic-supervisor/critic/statement_reader.h"
#include "services/critic-supervisor/critic/units.h"

namespace switchboard::critic {
bool Reader::WordIs(size_t i, std::initializer_list<std::string_view> words) const {
  return i < raw_.size() && std::find(words.begin(), words.end(), raw_[i].folded) != words.end();
}

void Reader::ReadQuantity(size_t i) {
  Raw& raw = raw_[i];
  Quantity quantity;
  const int named = raw.number ? -1 : FindNumber(raw.folded, language_);
  const bool article = WordIs(i, {"a", "an"}) && language_ == 0;
  if (!raw.number && named < 0 && !article) return;
  quantity.value = raw.number ? raw.value : article ? 1 : named;
  quantity.other_value = raw.number ? raw.other : quantity.value;
  quantity.count = quantity.value;
  quantity.spelled = !raw.number;
  size_t next = i + 1;
  const auto same_sentence = [&](size_t k) {
    return k < raw_.size() && !raw_[k].sentence_end_before;
  };
  if (raw.number && raw.minutes < 0 && WordIs(next, {"h"}) && next + 1 < raw_.size() &&
      raw_[next + 1].number && raw_[next + 1].folded.size() == 2 && raw_[next + 1].value < 60 &&
      raw.value < 25 && raw_[next + 1].begin <= raw_[next].begin + 4) {
    raw.minutes = static_cast<int>(raw.value * 60 + raw_[next + 1].value);
    consumed_[next] = consumed_[next + 1] = true;
  }
  if (raw.minutes >= 0) {
    quantity.unit = Unit::kTimeOfDay;
    quantity.value = quantity.other_value = raw.minutes;
    if (WordIs(next, {"pm"}) && raw.minutes < 720)
      quantity.value = quantity.other_value = raw.minutes + 720;
    if (WordIs(next, {"pm", "am", "h", "uhr"})) consumed_[next] = true;
  } else if (raw.sign != 0) {
    quantity.unit = raw.sign == '%'   ? Unit::kPercent
                    : raw.sign == '$' ? Unit::kDollar
                    : raw.sign == 'E' ? Unit::kEuro
                                      : Unit::kPound;
    quantity.scale = 1;
  } else if (same_sentence(next) && WordIs(next, {"am", "pm"}) && raw.number) {
    quantity.unit = Unit::kTimeOfDay;
    double minutes = raw.value * 60;
    if (WordIs(next, {"pm"}) && raw.value < 12) minutes += 720;
    quantity.value = quantity.other_value = minutes;
    consumed_[next] = true;
  } else if (same_sentence(next) && (WordIs(next, {"por", "pour"})) &&
             WordIs(next + 1, {"ciento", "cent"})) {
    quantity.unit = Unit::kPercent;
    quantity.scale = 1;
    consumed_[next] = consumed_[next + 1] = true;
  } else if (same_sentence(next)) {
    const bool working = IsWorking(raw_[next].folded);
    const UnitName* unit =
        FindUnit(raw_[next + (working && next + 1 < raw_.size() ? 1 : 0)].folded);
    // "3 to 5 days": the first number has the unit of the second.
    size_t range = next;
    if (unit == nullptr && (raw.number || named > 1)) {
      if (WordIs(range, {"to", "a", "or", "ou", "o", "y", "et", "and", "bis", "et", "u"})) ++range;
      if (same_sentence(range) &&
          (raw_[range].number || FindNumber(raw_[range].folded, language_) > 0)) {
        if (raw_[range].sign == '%' || raw_[range].sign == 'E' || raw_[range].sign == '$' ||
            raw_[range].sign == 'L') {
          quantity.unit = raw_[range].sign == '%'   ? Unit::kPercent
                          : raw_[range].sign == '$' ? Unit::kDollar
                          : raw_[range].sign == 'E' ? Unit::kEuro
                                                    : Unit::kPound;
          quantity.scale = 1;
        } else if (raw_[range].minutes < 0 && range + 1 < raw_.size()) {
          size_t at = range + 1;
          const bool range_working = IsWorking(raw_[at].folded);
          if (range_working && at + 1 < raw_.size()) ++at;
          unit = FindUnit(raw_[at].folded);
          if (unit == nullptr && WordIs(at, {"am", "pm"})) {
            quantity.unit = Unit::kTimeOfDay;
            quantity.value = raw.value * 60;
            quantity.other_value = raw.value * 60 + (raw.value < 12 ? 720 : 0);
          }
          if (unit != nullptr && unit->unit == Unit::kMinutes && unit->scale == 4 &&
              (range_working || IsWorking(at + 1 < raw_.size() ? raw_[at + 1].folded : ""))) {
            quantity.unit = Unit::kWorkdays;
            quantity.scale = 1;
            unit = nullptr;
          }
          next = raw_.size();  // the unit's word belongs to the second number
        }
      }
    }
    if (unit != nullptr) {
      quantity.unit = unit->unit;
      quantity.scale = unit->scale;
      quantity.value *= unit->factor;
      quantity.other_value *= unit->factor;
      quantity.may_be_time =
          unit->scale == 3 && unit->unit == Unit::kMinutes && raw.number && raw.value <= 24;
      if (next < raw_.size()) {
        const size_t at = next + (working ? 1 : 0);
        consumed_[next] = consumed_[at] = true;
        if (unit->scale == 4 && unit->unit == Unit::kMinutes &&
            (working || (same_sentence(at + 1) && IsWorking(raw_[at + 1].folded)))) {
          quantity.unit = Unit::kWorkdays;
          quantity.value = quantity.other_value = quantity.value / unit->factor;
          if (!working) consumed_[at + 1] = true;
        }
      }
    } else if (WordIs(next, {"pence", "p"}) && raw.number) {
      quantity.unit = Unit::kPound;
      quantity.value = quantity.other_value = raw.value / 100;
    }
  }
  // "a week" counts as one only behind a word of time: "within a week", not "once a week".
  if (article &&
      (quantity.unit != Unit::kMinutes ||
       !(i > 0 && WordIs(i - 1, {"within", "in", "for", "after", "lasts", "takes", "about", "to",
                                 "than", "least", "until", "by", "last", "take", "another"})))) {
    if (i + 1 < raw_.size()) consumed_[i + 1] = false;
    return;
  }
  // "un", "one" alone are articles or pronouns.
  if (!raw.number && quantity.value == 1 && quantity.unit == Unit::kNone) return;
  // "une heure du matin", "5 de la tarde".
  if (quantity.unit == Unit::kNone && WordIs(i + 1, {"de", "du"}) &&
      (WordIs(i + 3, {"tarde", "noche"}) || WordIs(i + 2, {"soir"})) && raw.value < 12 &&
      raw.number) {
    quantity.unit = Unit::kTimeOfDay;
    quantity.value = quantity.other_value = raw.value * 60 + 720;
  }
  consumed_[i] = true;
  unit_of_[i] = static_cast<int32_t>(out_.quantities.size());
  out_.quantities.push_back(quantity);
}

// "21 (de) November (de) (2026)", "November 21, 2026": the month's word carries the date.
void Reader::ReadDates() {
  const auto day_at = [&](size_t i) {
    const bool day = i < raw_.size() && raw_[i].number && raw_[i].sign == 0 &&
                     raw_[i].minutes < 0 && raw_[i].value >= 1 && raw_[i].value <= 31 &&
                     raw_[i].folded.size() <= 2;
    return day ? static_cast<int>(raw_[i].value) : 0;
  };
  for (size_t i = 0; i < raw_.size(); ++i) {
    const int month = raw_[i].folded.size() < 3 ? 0 : MonthNamed(raw_[i].folded);
    if (month == 0) continue;
    size_t before = i;
    while (before > 0 && i - before < 2 &&
           WordIs(before - 1, {"de", "of", "st", "nd", "rd", "th", "er"}))
      --before;
    Date date{0, month, 0};
    size_t behind = i + 1;
    if (before > 0 && !raw_[i].sentence_end_before && day_at(before - 1) > 0 &&
        !consumed_[before - 1]) {
      date.day = day_at(before - 1);
      for (size_t k = before - 1; k < i; ++k) consumed_[k] = true;
    } else if (day_at(behind) > 0 && !raw_[behind].sentence_end_before) {
      date.day = day_at(behind);
      consumed_[behind++] = true;
      if (WordIs(behind, {"st", "nd", "rd", "th"})) consumed_[behind++] = true;
    } else {
      continue;
    }
    if (WordIs(behind, {"de", "del"})) ++behind;
    if (behind < raw_.size() && raw_[behind].number && raw_[behind].folded.size() == 4 &&
        !raw_[behind].sentence_end_before && raw_[behind].value >= 1900 &&
        raw_[behind].value < 2200) {
      date.year = static_cast<int>(raw_[behind].value);
      consumed_[behind] = true;
    }
    raw_[i].date = static_cast<int32_t>(out_.dates.size());
    out_.dates.push_back(date);
  }
}

void Reader::ReadUnits() {
  for (size_t i = 0; i < raw_.size(); ++i) {
    if (!consumed_[i]) ReadQuantity(i);
  }
}

size_t Reader::MatchPhrase(size_t i, const Meaning*& meaning) const {
  const std::vector<Phrase>* phrases = vocabulary_.PhrasesFrom(language_, raw_[i].folded);
  if (phrases == nullptr) return 0;
  size_t best = 0;
  for (const Phrase& phrase : *phrases) {
    if (phrase.words.size() <= best || i + phrase.words.size() > raw_.size()) continue;
    bool matches = true;
    for (size_t k = 1; k < phrase.words.size() && matches; ++k) {
      const Raw& raw = raw_[i + k];
      const std::string& word = phrase.words[k];
      matches = !raw.sentence_end_before && !raw.clause_end_before &&
                (word.back() == '*' ? raw.folded.starts_with(word.substr(0, word.size() - 1))
                                    : raw.folded == word);
    }
    if (!matches) continue;
    best = phrase.words.size();
    meaning = &vocabulary_.meaning(phrase.meaning);
  }
  return best;
}

void Reader::EndSentence(bool question) {
  const auto last = static_cast<uint32_t>(out_.words.size());
  const uint32_t first = out_.sentences.empty() || out_.sentences.back().last < first_
                             ? static_cast<uint32_t>(first_)
                             : out_.sentences.back().last;
  if (last == first) return;
  Sentence sentence;
  sentence.first = first;
  sentence.last = last;
  sentence.question = question;
  out_.sentences.push_back(sentence);
}

void Reader::Emit(size_t i, const Meaning* meaning) {
  const Raw& raw = raw_[i];
  Word word;
  word.begin = raw.begin;
  word.size = raw.size;
  word.clause = out_.clauses;
  word.quantity = unit_of_[i];
  word.capital = raw.capital;
  word.name = raw.capital && !raw.starts && raw.size > 1;
  word.date = raw.date;
  word.identifier = raw.identifier;
  word.conjunction = WordIs(i, {"and", "et", "y", "e"});
  word.stem = StemKey(raw.folded);
  if (word.date >= 0) {
    word.word_class = WordClass::kStop;
    word.name = false;
  } else if (word.quantity >= 0) {
    out_.quantities[static_cast<size_t>(word.quantity)].word =
        static_cast<uint32_t>(out_.words.size());
    word.word_class = WordClass::kStop;
  } else if (const int day = FindWeekday(raw.folded); day >= 0) {
    word.weekdays = static_cast<uint8_t>(1u << day);
    word.key = uint64_t{1} << 62;
    word.known = true;
    word.name = false;
  } else if (meaning != nullptr) {
    word.word_class = meaning->word_class;
    word.key = uint64_t{1} << 63 | meaning->concept_id;
    word.known = true;
    word.negated = word.opposite = meaning->negative;
    word.strong = meaning->strong;
    word.order = meaning->order;
    word.limits = meaning->limits;
    word.kind = meaning->kind;
    word.thing = meaning->thing;
    word.weekdays = meaning->weekdays;
    if (word.weekdays != 0) word.key = uint64_t{1} << 62;
  } else {
    word.key = word.stem;
    if (raw.identifier) word.key = std::hash<std::string>()(raw.folded) >> 2;
    word.verb =
        !raw.identifier && !word.name &&
        LooksLikeVerb(raw.folded, raw.starts || i == 0 ? "" : raw_[i - 1].folded, language_);
    if (raw.folded.size() < 2) word.word_class = WordClass::kStop;
  }
  origin_.push_back(static_cast<uint32_t>(i));
  out_.words.push_back(word);
}

void Reader::Interpret() {
  bool first = true;
  for (size_t i = 0; i < raw_.size();) {
    if (raw_[i].sentence_end_before && !first) EndSentence(raw_[i].question);
    if (raw_[i].clause_end_before && !first) ++out_.clauses;
    first = false;
    if (consumed_[i] && unit_of_[i] < 0) {
      ++i;
      continue;
    }
    const Meaning* meaning = nullptr;
    const bool plain = unit_of_[i] < 0 && raw_[i].date < 0 && !raw_[i].identifier;
    size_t count = plain ? MatchPhrase(i, meaning) : 0;
    if (count == 0) {
      if (plain) meaning = vocabulary_.Find(language_, raw_[i].folded);
      count = 1;
    }
    if (raw_[i].folded == "off" && i > 0 && unit_of_[i - 1] >= 0) meaning = &vocabulary_.discount();
    if (meaning != nullptr &&
        (meaning->word_class == WordClass::kContrast ||
         meaning->word_class == WordClass::kCondition || meaning->word_class == WordClass::kWhen)) {
      ++out_.clauses;
    }
    // "… and cannot be exchanged": the negation is not of what stands before.
    if (WordIs(i, {"and", "et", "y", "or", "but"})) {
      constexpr size_t kAhead = 3;
      for (size_t k = i + 1;
           k <= std::min(i + kAhead, raw_.size() - 1) && !raw_[k].clause_end_before; ++k) {
        const Meaning* next = vocabulary_.Find(language_, raw_[k].folded);
        if (next == nullptr || next->word_class != WordClass::kNegator) continue;
        ++out_.clauses;
        break;
      }
    }
    Emit(i, meaning);
    i += count;
  }
  EndSentence(!pending_.empty());
  ++out_.clauses;
}

// "Monday to Friday" names five days, on the word of the first and of the last.
void Reader::ReadWeekdayRanges() {
  for (size_t w = first_; w + 1 < out_.words.size(); ++w) {
    Word& from = out_.words[w];
    if (from.weekdays == 0) continue;
    const size_t raw = origin_[w - first_];
    size_t next = w + 1;
    if (WordIs(raw + 1,
               {"to", "a", "au", "al", "through", "until", "till", "bis", "hasta", "jusqu"}))
      ++next;
    if (next >= out_.words.size() || out_.words[next].weekdays == 0) continue;
    if (next == w + 1 && !(out_.words[next].begin - from.begin - from.size <= 5)) continue;
    if (next == w + 1 && out_.words[next].clause != from.clause) continue;
    uint8_t days = 0;
    int day = std::countr_zero(from.weekdays);
    const int last = std::countr_zero(out_.words[next].weekdays);
    for (int step = 0; step < 7; ++step, day = (day + 1) % 7) {
      days |= static_cast<uint8_t>(1u << day);
      if (day == last) break;
    }
    from.weekdays = out_.words[next].weekdays = days;
    w = next;
  }
}

// A negation is one of its whole clause; two in French ("ne … pas") are one, and what means the
// opposite turns it round.
void Reader::ReadNegations() {
  for (size_t first = first_; first < out_.words.size();) {
    size_t last = first;
    while (last < out_.words.size() && out_.words[last].clause == out_.words[first].clause) ++last;
    bool negated = false;
    for (size_t w = first; w < last; ++w) {
      Word& word = out_.words[w];
      if (word.word_class != WordClass::kNegator) continue;
      const size_t raw = origin_[w - first_];
      if (WordIs(raw, {"ne", "n"})) {
        // Its second half may be part of a phrase with a meaning of its own: "pas utilisé". With
        // "que" it is no negation but "only".
        bool only = false, full = false;
        for (size_t k = w + 1; k < last; ++k)
          full |= out_.words[k].word_class == WordClass::kNegator;
        for (size_t k = raw + 1; k < std::min(raw + 7, raw_.size()); ++k)
          only |= WordIs(k, {"que", "qu"});
        if (!full && only) word.word_class = WordClass::kOnly;
        continue;
      }
      negated = true;
    }
    for (size_t w = first; w < last && negated; ++w) out_.words[w].negated = !out_.words[w].negated;
    first = last;
  }
}

// What stands before or behind a quantity and makes it a bound.
void Reader::ReadBounds() {
  constexpr size_t kBefore = 4, kBehind = 2;
  const auto look = [&](size_t index, Quantity& quantity, bool behind) {
    const Word& word = out_.words[index];
    // "10 days until …", "30 days from …" count the days, they do not bound them.
    if (behind && WordIs(origin_[index - first_], {"from", "desde", "until", "hasta", "within",
                                                   "over", "above", "under", "sous", "jusqu"}))
      return;
    if (quantity.order == 0 && word.word_class == WordClass::kAfter) quantity.order = 1;
    if (quantity.order == 0 && word.word_class == WordClass::kBefore) quantity.order = -1;
    if (quantity.bound != 0) return;
    if (word.word_class == WordClass::kLowerBound) quantity.bound = 1;
    if (word.word_class == WordClass::kUpperBound) quantity.bound = -1;
  };
  for (size_t w = first_; w < out_.words.size(); ++w) {
    if (out_.words[w].quantity < 0) continue;
    Quantity& quantity = out_.quantities[static_cast<size_t>(out_.words[w].quantity)];
    for (size_t k = w; k-- > first_ && w - k <= kBefore;) {
      if (out_.words[k].clause != out_.words[w].clause || out_.words[k].quantity >= 0) break;
      look(k, quantity, false);
    }
    for (size_t k = w + 1; k < out_.words.size() && k - w <= kBehind; ++k) {
      if (out_.words[k].clause != out_.words[w].clause || out_.words[k].quantity >= 0) break;
      look(k, quantity, true);
    }
  }
}

void Reader::Run() {
  raw_.reserve(text_.size() / 5 + 4);
  Split();
  if (raw_.empty()) return;
  unit_of_.assign(raw_.size(), -1);
  consumed_.assign(raw_.size(), false);
  ReadDates();
  ReadUnits();
  Interpret();
  ReadWeekdayRanges();
  ReadNegations();
  ReadBounds();
}

bool SameQuantity(const Quantity& a, const Quantity& b) {
  const auto close = [](double x, double y, double tolerance) {
    return std::abs(x - y) <= tolerance * std::max(std::abs(x), std::abs(y)) + 1e-9;
  };
  if (a.unit != b.unit) {
    // "20 h" is a time of day where the other one is.
    const Quantity& hours = a.unit == Unit::kTimeOfDay ? b : a;
    const Quantity& time = a.unit == Unit::kTimeOfDay ? a : b;
    if (time.unit == Unit::kTimeOfDay && hours.may_be_time)
      return close(hours.value, time.value, 0);
    // "at 9", "until 18" without a unit.
    if (time.unit == Unit::kTimeOfDay && hours.unit == Unit::kNone)
      return close(hours.value * 60, time.value, 0) || close(hours.value * 60 + 720, time.value, 0);
    if (hours.may_be_time && time.unit == Unit::kNone)
      return close(hours.value, time.value * 60, 0);
    // The unit may have been left out.
    if (a.unit != Unit::kNone && b.unit != Unit::kNone) return false;
    return close(a.count, b.count, 0);
  }
  const double tolerance = a.scale == b.scale || a.unit != Unit::kMinutes ? 0 : 0.015;
  return close(a.value, b.value, tolerance) || close(a.other_value, b.value, tolerance) ||
         close(a.value, b.other_value, tolerance) ||
         (a.other_value != a.value && close(a.other_value, b.other_value, tolerance));
}

void Read(std::string_view text, int language, Statements& statements) {
  Reader(text, language, statements).Run();
}

}  // namespace switchboard::critic
