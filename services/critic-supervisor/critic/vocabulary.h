// The words of customer service in three languages, by what they mean: what a sentence and its
// source may say differently and still say the same.
//
//   const Meaning* meaning = Vocabulary::Shared().Find(LanguageIndex("fr"), "remboursement");
//   meaning->concept_id == …;   // that of "refund" and "reembolso"
//
// Words are folded (lower case, no accents). The table is vocabulary_words.h; it is our own
// writing and independent of any shop. Immutable and shared.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace switchboard::critic {

inline constexpr int kVocabularyLanguages = 3;

// "en" 0, "fr" 1, "es" 2, with or without region; others -1.
int LanguageIndex(std::string_view tag);

enum class WordClass : uint8_t {
  kContent,     // says something that a source must say too
  kStop,        // articles, pronouns, auxiliaries
  kLight,       // verbs and adverbs that fit anywhere: get, take, usually
  kTalk,        // of the conversation itself: hello, help, question, colleague
  kNegator,     // not, no, without
  kUniversal,   // all, every, always
  kOnly,        // only, exclusively
  kCondition,   // if, unless, except
  kContrast,    // but, however: a new clause
  kComparison,  // than, cheaper
  kLowerBound,  // at least, over, from
  kUpperBound,  // at most, under, until, within
  kBefore,
  kAfter,
  kWhen,     // when, once, as soon as
  kUnknown,  // don't know, cannot find
};

struct Meaning {
  uint16_t concept_id = 0;  // from 1; the same for a word and its opposite
  WordClass word_class = WordClass::kContent;
  bool negative = false;  // the opposite: excluded, closed, refuse
  bool strong = false;    // a promise that costs the company: guarantee, discount, compensation
  bool order = false;     // how records are told: shipped, tracking, in stock
  uint8_t weekdays = 0;   // as Word::weekdays
  bool thing = false;     // a feature, place or means with few other names: red, shop, instalments
  bool kind = false;      // tells one thing from its sisters: standard, express, a month, a year
  bool limits = false;    // narrows what a statement is about: unused, first, adults
};

// Several words with one meaning: "free of charge", "working days".
struct Phrase {
  std::vector<std::string> words;
  uint16_t meaning = 0;  // Vocabulary::meaning
};

class Vocabulary {
 public:
  static const Vocabulary& Shared();

  // nullptr: a word of no list. The whole word counts before its longest listed beginning.
  const Meaning* Find(int language, std::string_view word) const;

  // The phrases that begin with `word`; nullptr: none.
  const std::vector<Phrase>* PhrasesFrom(int language, std::string_view word) const;
  const Meaning& meaning(uint16_t number) const { return meanings_[number - 1]; }
  // Of "10 % off".
  const Meaning& discount() const { return meanings_[discount_ - 1]; }

 private:
  // Of a tree of letters; 0 in each member: none.
  struct Node {
    std::array<uint16_t, 36> next{};
    uint16_t whole = 0, beginning = 0;
  };

  Vocabulary();
  void Add(int language, std::string_view entry, uint16_t meaning);

  std::vector<Meaning> meanings_;
  uint16_t discount_ = 0;
  absl::flat_hash_map<std::string, uint16_t> concepts_;
  std::array<std::vector<Node>, kVocabularyLanguages> tries_;
  std::array<absl::flat_hash_map<std::string, std::vector<Phrase>>, kVocabularyLanguages> phrases_;
};

}  // namespace switchboard::critic
