#include "services/critic-supervisor/critic/alignment.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace switchboard::critic {
namespace {

using Mask = uint64_t;

// What one word of the sentence weighs: a name more than a noun, a verb that fits anywhere little.
constexpr double kNameWeight = 1.5, kContentWeight = 1, kLightWeight = 0.2, kVerbWeight = 0.4,
                 kFactWeight = 1.5, kForeignWeight = 0.2;

struct Item {
  uint64_t key = 0, stem = 0;
  double weight = 0;
  int32_t quantity = -1, date = -1;
  uint8_t weekdays = 0;
  bool negated = false, strong = false, name = false, known = false, order = false, light = false,
       opposite = false, kind = false, verb = false, thing = false;
  bool found = false;  // somewhere in the sources
};

struct Occurrence {
  uint32_t item, word;
};

struct Candidate {
  Mask covered = 0;
  double weight = 0;
};

bool IsMoney(Unit unit) {
  return unit == Unit::kEuro || unit == Unit::kDollar || unit == Unit::kPound;
}

class Aligner {
 public:
  Aligner(const Statements& claim, const Sentence& sentence, const Sources& sources)
      : claim_(claim), sentence_(sentence), sources_(sources), source_(sources.statements) {}

  Alignment Run();

 private:
  void CollectItems();
  void FindOccurrences();
  void ChooseSupport();
  bool Covers(Mask mask, size_t item) const { return mask >> item & 1; }
  double WeightOf(Mask mask) const;
  double& Figure(Feature feature) { return result_.features[static_cast<size_t>(feature)]; }
  Mask ContextOf(size_t sentence) const;
  void MeasureCoverage();
  void MeasureQuantities();
  double BindingScore(uint32_t source_word, const std::vector<size_t>& context) const;
  bool TurnsRound(uint32_t source_word, int8_t bound) const;
  void MeasurePolarity();
  void MeasureMarkers();
  bool SupportHas(WordClass word_class) const;

  const Statements& claim_;
  const Sentence& sentence_;
  const Sources& sources_;
  const Statements& source_;
  std::vector<Item> items_;
  std::vector<uint32_t> word_of_;            // item → word of the claim
  std::vector<std::vector<Occurrence>> at_;  // by sentence of the sources
  std::vector<Candidate> candidates_;        // by sentence of the sources
  std::vector<Mask> titles_;                 // by text: items its title names
  std::vector<Mask> texts_;                  // by text: items it has anywhere
  std::vector<size_t> support_;              // sentences, best first
  Mask covered_ = 0;
  Mask beside_ = 0;  // in the sentences next to those of the support
  Alignment result_;
};

void Aligner::CollectItems() {
  for (uint32_t w = sentence_.first; w < sentence_.last && items_.size() < kItemsMax; ++w) {
    const Word& word = claim_.words[w];
    Item item;
    item.key = word.key;
    item.stem = word.stem;
    item.quantity = word.quantity;
    item.date = word.date;
    item.weekdays = word.weekdays;
    item.negated = word.negated;
    item.strong = word.strong;
    item.known = word.known;
    item.order = word.order;
    item.kind = word.kind;
    item.thing = word.thing;
    item.opposite = word.opposite;
    item.name = word.name && !word.known;
    if (word.quantity >= 0 || word.date >= 0 || word.weekdays != 0) {
      item.weight = kFactWeight;
    } else if (word.word_class == WordClass::kContent) {
      item.weight = item.name ? kNameWeight : kContentWeight;
      item.verb = word.verb;
    } else if (word.word_class == WordClass::kLight) {
      item.weight = kLightWeight;
      item.light = true;
    } else {
      continue;
    }
    const bool plain = word.quantity < 0 && word.date < 0 && word.weekdays == 0;
    const bool seen = plain && std::any_of(items_.begin(), items_.end(), [&](const Item& other) {
                        return other.key == item.key && other.quantity < 0 && other.date < 0 &&
                               other.weekdays == 0;
                      });
    if (seen) continue;
    items_.push_back(item);
    word_of_.push_back(w);
  }
}

void Aligner::FindOccurrences() {
  const auto slot = [](uint64_t key) { return (key * 0x9E3779B97F4A7C15u) >> 58; };
  Mask present = 0;
  for (const Item& item : items_) {
    if (item.key != 0 && item.weekdays == 0)
      present |= Mask{1} << slot(item.key) | Mask{1} << slot(item.stem);
  }
  at_.resize(source_.sentences.size());
  candidates_.resize(source_.sentences.size());
  titles_.resize(sources_.texts.size());
  texts_.resize(sources_.texts.size());
  for (size_t s = 0; s < source_.sentences.size(); ++s) {
    const Sentence& sentence = source_.sentences[s];
    for (uint32_t w = sentence.first; w < sentence.last; ++w) {
      const Word& word = source_.words[w];
      const bool fact = word.quantity >= 0 || word.date >= 0 || word.weekdays != 0;
      if (!fact && ((present >> slot(word.key) | present >> slot(word.stem)) & 1) == 0) continue;
      for (uint32_t i = 0; i < items_.size(); ++i) {
        Item& item = items_[i];
        bool same = false;
        if (item.quantity >= 0) {
          same = word.quantity >= 0 &&
                 SameQuantity(claim_.quantities[static_cast<size_t>(item.quantity)],
                              source_.quantities[static_cast<size_t>(word.quantity)]);
        } else if (item.date >= 0) {
          same = word.date >= 0 && SameDay(claim_.dates[static_cast<size_t>(item.date)],
                                           source_.dates[static_cast<size_t>(word.date)]);
        } else if (item.weekdays != 0) {
          same = (item.weekdays & ~word.weekdays) == 0 && word.weekdays != 0;
        } else {
          same = !fact && (word.key == item.key || word.stem == item.stem);
        }
        if (!same) continue;
        at_[s].push_back({i, w});
        candidates_[s].covered |= Mask{1} << i;
        item.found = true;
        if (!item.known && word.name && !fact) {
          item.name = true;
          item.weight = kNameWeight;
        }
      }
    }
    texts_[sentence.source] |= candidates_[s].covered;
    if (sources_.titles[s]) titles_[sentence.source] |= candidates_[s].covered;
  }
  // A word that the vocabulary does not know has another form in another language.
  const bool comparable =
      std::any_of(sources_.texts.begin(), sources_.texts.end(),
                  [](const Source& text) { return text.comparable && !text.record; });
  for (Item& item : items_) {
    if (item.quantity >= 0 || item.date >= 0 || item.weekdays != 0 || item.found) continue;
    if (!comparable && !item.known && !item.name) item.weight *= kForeignWeight;
    if (item.verb) item.weight *= kVerbWeight;
  }
}

double Aligner::WeightOf(Mask mask) const {
  double weight = 0;
  for (; mask != 0; mask &= mask - 1) {
    weight += items_[static_cast<size_t>(std::countr_zero(mask))].weight;
  }
  return weight;
}

// What a sentence may leave to its title, and to the names of the sentences before it.
Mask Aligner::ContextOf(size_t sentence) const {
  const uint32_t text = source_.sentences[sentence].source;
  // A record is of one thing throughout.
  if (sources_.texts[text].record) return texts_[text];
  Mask context = titles_[text];
  Mask names = 0;
  for (size_t i = 0; i < items_.size(); ++i) names |= Mask{items_[i].name} << i;
  for (size_t s = sentence; s-- > 0 && source_.sentences[s].source == text;) {
    context |= candidates_[s].covered & names;
  }
  return context;
}

void Aligner::ChooseSupport() {
  constexpr double kContextShare = 0.5, kMarkerWeight = 0.75;
  uint32_t markers = 0;
  const auto marker = [](const Word& word) -> uint32_t {
    const bool marks = word.word_class == WordClass::kOnly ||
                       word.word_class == WordClass::kUniversal ||
                       word.word_class == WordClass::kCondition;
    return marks ? 1u << static_cast<unsigned>(word.word_class) : 0;
  };
  for (uint32_t w = sentence_.first; w < sentence_.last; ++w) markers |= marker(claim_.words[w]);
  size_t best = source_.sentences.size();
  double best_weight = 0;
  for (size_t s = 0; s < source_.sentences.size(); ++s) {
    Candidate& candidate = candidates_[s];
    if (candidate.covered == 0) continue;
    const double share = sources_.texts[source_.sentences[s].source].record ? 1 : kContextShare;
    candidate.weight =
        WeightOf(candidate.covered) + share * WeightOf(ContextOf(s) & ~candidate.covered);
    if (sources_.titles[s]) candidate.weight *= 0.5;
    if (markers != 0) {
      uint32_t shared = 0;
      for (uint32_t w = source_.sentences[s].first; w < source_.sentences[s].last; ++w)
        shared |= marker(source_.words[w]) & markers;
      candidate.weight += kMarkerWeight * std::popcount(shared);
    }
    if (candidate.weight > best_weight + 1e-9) {
      best = s;
      best_weight = candidate.weight;
    }
  }
  if (best == source_.sentences.size()) return;
  support_.push_back(best);
  covered_ = candidates_[best].covered | ContextOf(best);
  // A second sentence may bear out the rest.
  constexpr double kSecondMin = 1.5;
  size_t second = source_.sentences.size();
  double second_weight = kSecondMin - 1e-9;
  for (size_t s = 0; s < source_.sentences.size(); ++s) {
    if (s == best || sources_.titles[s]) continue;
    const double weight = WeightOf(candidates_[s].covered & ~covered_) +
                          0.1 * WeightOf(candidates_[s].covered & covered_);
    if (WeightOf(candidates_[s].covered & ~covered_) >= kSecondMin && weight > second_weight) {
      second = s;
      second_weight = weight;
    }
  }
  const bool conjunction =
      std::any_of(claim_.words.begin() + sentence_.first, claim_.words.begin() + sentence_.last,
                  [](const Word& word) { return word.conjunction; });
  const bool joined =
      claim_.words[sentence_.last - 1].clause != claim_.words[sentence_.first].clause;
  if (second < source_.sentences.size()) {
    // Two sentences say it together when the claim has two parts, or both speak of the same thing.
    const bool same_text = source_.sentences[second].source == source_.sentences[best].source;
    if (joined || (conjunction && same_text)) {
      support_.push_back(second);
      covered_ |= candidates_[second].covered | ContextOf(second);
    }
  }
  for (const size_t s : support_) {
    const uint32_t text = source_.sentences[s].source;
    if (s > 0 && source_.sentences[s - 1].source == text) beside_ |= candidates_[s - 1].covered;
    if (s + 1 < source_.sentences.size() && source_.sentences[s + 1].source == text)
      beside_ |= candidates_[s + 1].covered;
    if (std::find(result_.support.begin(), result_.support.end(), text) == result_.support.end())
      result_.support.push_back(text);
  }
}

void Aligner::MeasureCoverage() {
  // What the sentence before or behind says is near.
  constexpr double kBesideShare = 0.4;
  // "Two" without a unit is often a way of speaking.
  constexpr double kSpelledShare = 0.3;
  // "Express" where the source has "standard".
  bool other_kind = false;
  for (const size_t s : support_) {
    const Sentence& sentence = source_.sentences[s];
    for (uint32_t w = sentence.first; w < sentence.last; ++w) {
      const Word& word = source_.words[w];
      other_kind |= word.kind && std::none_of(items_.begin(), items_.end(), [&](const Item& item) {
                      return item.key == word.key;
                    });
    }
  }
  double total = 0, missing = 0;
  const bool records = std::any_of(sources_.texts.begin(), sources_.texts.end(),
                                   [](const Source& text) { return text.record; });
  for (size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    // How a record is told is no claim of its own.
    if (Covers(covered_, i) || !records || !item.order) total += item.weight;
    if (Covers(covered_, i) || (records && item.order)) continue;
    if (!item.light) result_.missing.push_back(word_of_[i]);
    const bool fact = item.quantity >= 0 || item.date >= 0;
    if (item.weekdays != 0) {
      Figure(Feature::kWeekday) += 1;
    } else if (fact) {
      const bool spelled =
          item.quantity >= 0 && claim_.quantities[static_cast<size_t>(item.quantity)].spelled &&
          (claim_.quantities[static_cast<size_t>(item.quantity)].unit == Unit::kNone ||
           claim_.quantities[static_cast<size_t>(item.quantity)].count <= 1);
      if (!item.found)
        Figure(Feature::kQuantity) += spelled ? kSpelledShare : 1;
      else
        Figure(Feature::kScattered) += item.weight * (Covers(beside_, i) ? kBesideShare : 1);
    } else if (item.name && !item.found) {
      Figure(Feature::kQuantity) += 1;
    } else if (item.name || (item.kind && other_kind)) {
      Figure(Feature::kName) += 1;
    } else if (item.found) {
      Figure(Feature::kScattered) += item.weight * (Covers(beside_, i) ? kBesideShare : 1);
    } else {
      Figure(item.known ? Feature::kNewKnown : Feature::kNewOther) += item.weight;
      if (item.strong) Figure(Feature::kPromise) += 1;
      if (item.thing) Figure(Feature::kThing) += 1;
    }
    if (!fact) missing += item.weight;
  }
  if (total > 0) Figure(Feature::kNewShare) = missing / total;
}

// How closely the words of the claim stand around a quantity of the source.
double Aligner::BindingScore(uint32_t source_word, const std::vector<size_t>& context) const {
  constexpr double kReach = 6, kOtherClause = 0.6, kTitleShare = 0.4, kBehindShare = 0.8,
                   kOtherDayShare = 0.3;
  size_t s = 0;
  while (source_.sentences[s].last <= source_word) ++s;
  const Word& quantity = source_.words[source_word];
  // "Monday from 9 to 18 and Saturday from 10": a time belongs to the day before it.
  const bool day_before = std::any_of(source_.words.begin() + source_.sentences[s].first,
                                      source_.words.begin() + source_word,
                                      [](const Word& word) { return word.weekdays != 0; });
  double score = 0;
  for (const size_t i : context) {
    double best = 0;
    for (const Occurrence& at : at_[s]) {
      if (at.item != i) continue;
      const double distance =
          std::abs(static_cast<double>(at.word) - static_cast<double>(source_word));
      double near = std::exp(-distance / kReach);
      if (source_.words[at.word].clause != quantity.clause) near *= kOtherClause;
      if (at.word > source_word)
        near *= items_[i].weekdays != 0 && day_before ? kOtherDayShare : kBehindShare;
      best = std::max(best, near);
    }
    if (best == 0 && Covers(ContextOf(s), i)) best = kTitleShare;
    score += best * items_[i].weight;
  }
  return score;
}

// The sentence behind that of the quantity begins with a bound of its own that has no quantity.
bool Aligner::TurnsRound(uint32_t source_word, int8_t bound) const {
  size_t s = 0;
  while (source_.sentences[s].last <= source_word) ++s;
  if (s + 1 >= source_.sentences.size() ||
      source_.sentences[s + 1].source != source_.sentences[s].source)
    return false;
  const Sentence& next = source_.sentences[s + 1];
  constexpr uint32_t kOpening = 3;
  for (uint32_t w = next.first; w < std::min(next.last, next.first + kOpening); ++w) {
    if (source_.words[w].quantity >= 0) return false;
    if (source_.words[w].word_class ==
        (bound > 0 ? WordClass::kLowerBound : WordClass::kUpperBound))
      return true;
  }
  return false;
}

void Aligner::MeasureQuantities() {
  constexpr double kMargin = 1.2, kSlack = 0.3;
  for (size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (item.quantity < 0) continue;
    const Quantity& wanted = claim_.quantities[static_cast<size_t>(item.quantity)];
    // The words of the same clause, or of the whole sentence when the clause has none.
    std::vector<size_t> context;
    for (const bool whole : {false, true}) {
      for (size_t k = 0; k < items_.size(); ++k) {
        const bool near =
            whole || claim_.words[word_of_[k]].clause == claim_.words[word_of_[i]].clause;
        if (near && items_[k].quantity < 0 && items_[k].date < 0 && items_[k].found)
          context.push_back(k);
      }
      if (!context.empty()) break;
    }
    double same = -1, other = -1;
    uint32_t same_word = 0;
    int8_t same_bound = 0, same_order = 0;
    for (const Quantity& quantity : source_.quantities) {
      const bool equal = SameQuantity(wanted, quantity);
      if (!equal && quantity.unit != wanted.unit) continue;
      const double score = BindingScore(quantity.word, context);
      if (equal && score > same) {
        same = score;
        same_word = quantity.word;
        same_bound = quantity.bound;
        same_order = quantity.order;
      }
      if (!equal) other = std::max(other, score);
    }
    if (same < 0) continue;
    // "From 50 € … Below that …": the next sentence turns the bound round.
    if (wanted.bound != 0 && TurnsRound(same_word, wanted.bound)) continue;
    if (other > same * kMargin + kSlack) Figure(Feature::kBinding) += 1;
    if (wanted.bound * same_bound < 0 || wanted.order * same_order < 0)
      Figure(Feature::kBound) += 1;
  }
}

void Aligner::MeasurePolarity() {
  bool claim_negated = false, source_negated = false;
  double differ = 0, agree = 0;
  const bool record =
      !support_.empty() && sources_.texts[source_.sentences[support_[0]].source].record;
  const bool has_time = std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
    if (item.quantity < 0) return false;
    const Quantity& quantity = claim_.quantities[static_cast<size_t>(item.quantity)];
    return quantity.unit == Unit::kTimeOfDay || quantity.may_be_time;
  });
  for (size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (item.light || !Covers(covered_, i)) continue;
    // "There is no refund for order 10452": what a record does not have is no contradiction.
    if (record && !item.order) continue;
    // "Closes at 18:00" and "open until 18:00" are the same.
    if (item.opposite && has_time) continue;
    // Of several places the one that says it the same way.
    bool found = false, same = false, negated = false;
    for (const size_t s : support_) {
      for (const Occurrence& at : at_[s]) {
        if (at.item != i) continue;
        found = true;
        negated = source_.words[at.word].negated;
        same |= negated == item.negated;
      }
      if (found) break;
    }
    if (!found) continue;
    if (same) negated = item.negated;
    claim_negated |= item.negated;
    source_negated |= negated;
    (same ? agree : differ) += 1;
  }
  if (claim_negated != source_negated) {
    Figure(Feature::kNegation) = 1;
  } else if (differ > agree) {
    Figure(Feature::kNegation) = 0.3;
  }
}

bool Aligner::SupportHas(WordClass word_class) const {
  return std::any_of(support_.begin(), support_.end(), [&](size_t s) {
    const Sentence& sentence = source_.sentences[s];
    return std::any_of(source_.words.begin() + sentence.first,
                       source_.words.begin() + sentence.last,
                       [&](const Word& word) { return word.word_class == word_class; });
  });
}

void Aligner::MeasureMarkers() {
  bool universal = false, only = false, comparison = false, conditional = false, when = false,
       money_bound = false;
  for (uint32_t w = sentence_.first; w < sentence_.last; ++w) {
    const Word& word = claim_.words[w];
    // "every three months" counts nothing in general.
    const bool counts = w + 1 < sentence_.last && claim_.words[w + 1].quantity >= 0;
    if (word.word_class == WordClass::kUniversal && !counts) {
      // "Always" says it of all cases; "all" and "every" of the noun behind them.
      universal |= word.strong;
      constexpr uint32_t kAhead = 4;
      for (size_t i = 0; i < items_.size(); ++i) {
        universal |=
            word_of_[i] > w && word_of_[i] < w + kAhead && !items_[i].light && Covers(covered_, i);
      }
    }
    comparison |= word.word_class == WordClass::kComparison && !counts;
    only |= word.word_class == WordClass::kOnly;
    conditional |= word.word_class == WordClass::kCondition;
    when |= word.word_class == WordClass::kWhen;
    if (word.quantity >= 0) {
      const Quantity& quantity = claim_.quantities[static_cast<size_t>(word.quantity)];
      money_bound |= IsMoney(quantity.unit) && quantity.bound != 0;
    }
  }
  if (universal && !SupportHas(WordClass::kUniversal)) Figure(Feature::kUniversal) = 1;
  if (comparison && !SupportHas(WordClass::kComparison)) Figure(Feature::kComparison) = 1;
  // "Only once it has left" limits the time.
  if (only && !when && !conditional && !SupportHas(WordClass::kOnly)) Figure(Feature::kOnly) = 1;
  for (const size_t s : support_) {
    const Sentence& sentence = source_.sentences[s];
    // Clauses in which the claim finds its words.
    std::vector<uint16_t> clauses;
    for (const Occurrence& at : at_[s]) {
      if (!items_[at.item].light) clauses.push_back(source_.words[at.word].clause);
    }
    const auto spoken_of = [&](uint16_t clause, int reach) {
      return std::any_of(clauses.begin(), clauses.end(), [&](uint16_t other) {
        return std::abs(static_cast<int>(other) - static_cast<int>(clause)) <= reach;
      });
    };
    for (uint32_t w = sentence.first; w < sentence.last; ++w) {
      const Word& word = source_.words[w];
      if (word.quantity >= 0) {
        const Quantity& quantity = source_.quantities[static_cast<size_t>(word.quantity)];
        const bool mentioned = std::any_of(at_[s].begin(), at_[s].end(),
                                           [&](const Occurrence& at) { return at.word == w; });
        if (IsMoney(quantity.unit) && quantity.bound != 0 && !mentioned && !money_bound &&
            spoken_of(word.clause, 0)) {
          Figure(Feature::kCondition) = 1;
        }
      }
      if (word.limits && spoken_of(word.clause, 0)) {
        const bool mentioned = std::any_of(at_[s].begin(), at_[s].end(), [&](const Occurrence& at) {
          return source_.words[at.word].key == word.key;
        });
        if (!mentioned) Figure(Feature::kNarrowing) = 1;
      }
      if (word.word_class == WordClass::kOnly && !only && spoken_of(word.clause, 0)) {
        Figure(Feature::kNarrowing) = std::max(Figure(Feature::kNarrowing), 0.5);
      }
      const bool left_out = word.word_class == WordClass::kCondition && !conditional;
      const bool other_time = word.word_class == WordClass::kWhen && when;
      if ((left_out || other_time) && spoken_of(word.clause, 1)) {
        // What stands behind the marker, up to the end of the clause, is the condition.
        bool stated = false;
        for (const Occurrence& at : at_[s]) {
          if (at.word > w && source_.words[at.word].clause == word.clause && !items_[at.item].light)
            stated = true;
        }
        if (!stated) Figure(Feature::kCondition) = 1;
      }
    }
  }
}

Alignment Aligner::Run() {
  CollectItems();
  const bool weighty = std::any_of(items_.begin(), items_.end(),
                                   [](const Item& item) { return item.weight >= kContentWeight; });
  if (!weighty) {
    result_.states_nothing = true;
    return result_;
  }
  FindOccurrences();
  ChooseSupport();
  MeasureCoverage();
  MeasureQuantities();
  MeasurePolarity();
  MeasureMarkers();
  // What contradicts the wrong sentence contradicts nothing.
  const double aligned = 1 - Figure(Feature::kNewShare);
  for (const Feature feature : {Feature::kNegation, Feature::kUniversal, Feature::kCondition,
                                Feature::kNarrowing, Feature::kOnly, Feature::kBinding}) {
    Figure(feature) *= aligned;
  }
  return result_;
}

}  // namespace

Alignment Align(const Statements& claim, const Sentence& sentence, const Sources& sources) {
  return Aligner(claim, sentence, sources).Run();
}

}  // namespace switchboard::critic
