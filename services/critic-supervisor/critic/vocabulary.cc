#include "services/critic-supervisor/critic/vocabulary.h"

#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/strings.h"
#include "services/critic-supervisor/critic/vocabulary_words.h"

namespace switchboard::critic {
namespace {

std::string_view View(absl::string_view text) { return {text.data(), text.size()}; }

// 0 to 35 for a-z and 0-9, -1 for what no entry holds.
int SymbolOf(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= '0' && c <= '9') return 26 + (c - '0');
  return -1;
}

WordClass ClassNamed(std::string_view name) {
  if (name == "stop") return WordClass::kStop;
  if (name == "light") return WordClass::kLight;
  if (name == "talk") return WordClass::kTalk;
  if (name == "not") return WordClass::kNegator;
  if (name == "all") return WordClass::kUniversal;
  if (name == "only") return WordClass::kOnly;
  if (name == "if") return WordClass::kCondition;
  if (name == "but") return WordClass::kContrast;
  if (name == "than") return WordClass::kComparison;
  if (name == "lower") return WordClass::kLowerBound;
  if (name == "upper") return WordClass::kUpperBound;
  if (name == "before") return WordClass::kBefore;
  if (name == "after") return WordClass::kAfter;
  if (name == "when") return WordClass::kWhen;
  if (name == "unknown") return WordClass::kUnknown;
  return WordClass::kContent;
}

}  // namespace

int LanguageIndex(std::string_view tag) {
  const std::string_view primary = tag.substr(0, tag.find('-'));
  if (primary == "en") return 0;
  if (primary == "fr") return 1;
  if (primary == "es") return 2;
  return -1;
}

const Vocabulary& Vocabulary::Shared() {
  static const auto* const kVocabulary = new Vocabulary();
  return *kVocabulary;
}

Vocabulary::Vocabulary() {
  for (auto& trie : tries_) trie.emplace_back();
  for (const absl::string_view line : absl::StrSplit(kVocabularyLines, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> columns = absl::StrSplit(line, '|');
    const std::vector<absl::string_view> head = absl::StrSplit(columns[0], ' ', absl::SkipEmpty());
    if (head.empty() || columns.size() != 4) continue;
    Meaning meaning;
    std::string_view name = View(head[0]);
    if (name.front() == '-') {
      meaning.negative = true;
      name.remove_prefix(1);
    }
    for (size_t i = 1; i < head.size(); ++i) {
      if (head[i] == "strong") meaning.strong = true;
      if (head[i] == "order") meaning.order = true;
      if (head[i] == "thing") meaning.thing = true;
      if (head[i] == "kind") meaning.kind = true;
      if (head[i] == "limits") meaning.limits = true;
    }
    meaning.word_class = ClassNamed(name);
    const auto [found, added] =
        concepts_.try_emplace(std::string(name), static_cast<uint16_t>(concepts_.size() + 1));
    meaning.concept_id = found->second;
    if (name == "weekday") meaning.weekdays = 0x1F;
    if (name == "weekend") meaning.weekdays = 0x60;
    if (name == "discount") discount_ = static_cast<uint16_t>(meanings_.size() + 1);
    meanings_.push_back(meaning);
    for (int language = 0; language < kVocabularyLanguages; ++language) {
      const absl::string_view column = columns[static_cast<size_t>(language) + 1];
      for (const absl::string_view entry : absl::StrSplit(column, ' ', absl::SkipEmpty())) {
        Add(language, View(entry), static_cast<uint16_t>(meanings_.size()));
      }
    }
  }
}

void Vocabulary::Add(int language, std::string_view entry, uint16_t meaning) {
  if (entry.find('_') != std::string_view::npos) {
    Phrase phrase;
    phrase.meaning = meaning;
    for (const absl::string_view word : absl::StrSplit(ToAbsl(entry), '_')) {
      phrase.words.emplace_back(word);
    }
    const std::string first = phrase.words.front();
    phrases_[language][first].push_back(std::move(phrase));
    return;
  }
  const bool open = entry.back() == '*';
  if (open) entry.remove_suffix(1);
  std::vector<Node>& trie = tries_[language];
  size_t node = 0;
  for (const char c : entry) {
    const int symbol = SymbolOf(c);
    if (symbol < 0) return;
    if (trie[node].next[symbol] == 0) {
      trie[node].next[symbol] = static_cast<uint16_t>(trie.size());
      trie.emplace_back();
    }
    node = trie[node].next[symbol];
  }
  uint16_t& slot = open ? trie[node].beginning : trie[node].whole;
  if (slot == 0) slot = meaning;
}

const Meaning* Vocabulary::Find(int language, std::string_view word) const {
  const std::vector<Node>& trie = tries_[language];
  size_t node = 0;
  uint16_t best = 0;
  for (const char c : word) {
    const int symbol = SymbolOf(c);
    node = symbol < 0 ? 0 : trie[node].next[symbol];
    if (node == 0) return best == 0 ? nullptr : &meanings_[best - 1];
    if (trie[node].beginning != 0) best = trie[node].beginning;
  }
  if (trie[node].whole != 0) best = trie[node].whole;
  return best == 0 ? nullptr : &meanings_[best - 1];
}

const std::vector<Phrase>* Vocabulary::PhrasesFrom(int language, std::string_view word) const {
  const auto found = phrases_[language].find(ToAbsl(word));
  return found == phrases_[language].end() ? nullptr : &found->second;
}

}  // namespace switchboard::critic
