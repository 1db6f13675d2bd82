#include "services/critic-supervisor/critic/grounding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/text.h"
#include "common/text/phrases.h"
#include "services/critic-supervisor/critic/facts.h"
#include "services/critic-supervisor/critic/normalise.h"
#include "services/critic-supervisor/critic/pii.h"

namespace switchboard::critic {
namespace {

// Shorter words are articles and prepositions in the four languages.
constexpr size_t kContentSizeMin = 4;
// Inflections differ at the end: deliver, delivered, delivery.
constexpr size_t kStemSize = 6;

std::string_view Primary(std::string_view language) {
  return language.substr(0, language.find('-'));
}

std::string Stem(std::string_view word) { return std::string(word.substr(0, kStemSize)); }

std::vector<std::string> WordsOf(std::string_view folded) {
  const text::Tokens tokens = text::Tokenize(folded);
  std::vector<std::string> words;
  words.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) words.emplace_back(tokens.word(i));
  return words;
}

// Telephone numbers and addresses have been judged as personal data before (critic.cc): their
// digits are no figures.
std::string WithoutPersonalData(std::string text) {
  for (const PiiSpan& span : FindPii(text))
    std::fill(text.begin() + static_cast<long>(span.begin),
              text.begin() + static_cast<long>(span.end), ' ');
  return text;
}

}  // namespace

struct Grounding::Sources {
  struct Text {
    std::string folded;
    std::string_view language;  // empty: any
    absl::flat_hash_set<std::string> stems;
  };
  std::vector<Text> passages;
  Facts facts;
  Facts record_facts;
  absl::flat_hash_set<std::string> words;
  uint64_t claims = 0;
  size_t records = 0;
};

struct Grounding::Sentence {
  std::string_view raw;
  std::string folded;
  std::string_view language;
  bool question = false;
  std::vector<std::string> words;
  Facts facts;
};

Grounding::Grounding(const GroundingPolicy& policy) : coverage_min_(policy.coverage_min) {
  for (const auto& [name, stems] : policy.claims) {
    claim_names_.push_back(name);
    claim_stems_.push_back(stems);
  }
  for (const std::string& word : policy.common_words) common_.insert(word);
  for (const std::string& name : policy.known_names) known_names_.insert(FoldAccents(name));
}

uint64_t Grounding::ClaimsOf(const std::vector<std::string>& words) const {
  uint64_t claims = 0;
  for (size_t c = 0; c < claim_stems_.size(); ++c) {
    for (const std::string& stem : claim_stems_[c]) {
      const bool prefix = stem.ends_with('*');
      const std::string_view key(stem.data(), stem.size() - (prefix ? 1 : 0));
      const bool stated = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return prefix ? word.starts_with(key) : word == key;
      });
      if (stated) {
        claims |= uint64_t{1} << c;
        break;
      }
    }
  }
  return claims;
}

Grounding::Sources Grounding::Read(const v1::ReviewRequest& request) const {
  Sources sources;
  std::string all_records;
  const auto add_facts = [](Facts& to, Facts from) {
    std::move(from.dates.begin(), from.dates.end(), std::back_inserter(to.dates));
    std::move(from.numbers.begin(), from.numbers.end(), std::back_inserter(to.numbers));
    std::move(from.identifiers.begin(), from.identifiers.end(), std::back_inserter(to.identifiers));
    std::move(from.addresses.begin(), from.addresses.end(), std::back_inserter(to.addresses));
  };
  for (const v1::Passage& passage : request.passages()) {
    Sources::Text text;
    text.folded =
        Fold(absl::StrCat(passage.title(), "\n", passage.section(), "\n", passage.text()));
    text.language = Primary(passage.language());
    std::vector<std::string> words = WordsOf(text.folded);
    sources.claims |= ClaimsOf(words);
    for (std::string& word : words) {
      if (word.size() >= kContentSizeMin) text.stems.insert(Stem(word));
      sources.words.insert(std::move(word));
    }
    add_facts(sources.facts, ExtractFacts(text.folded, /*number_words=*/true));
    sources.passages.push_back(std::move(text));
  }
  for (const v1::Record& record : request.records()) {
    absl::StrAppend(&all_records, record.kind(), " ", record.id(), "\n");
    if (record.access() != v1::Record::GRANTED) continue;
    ++sources.records;
    for (const auto& [key, value] : record.fields()) {
      if (!value.empty()) absl::StrAppend(&all_records, key, " ", value, "\n");
    }
  }
  const std::string folded = Fold(all_records);
  std::vector<std::string> words = WordsOf(folded);
  sources.claims |= ClaimsOf(words);
  for (std::string& word : words) sources.words.insert(std::move(word));
  sources.record_facts = ExtractFacts(folded, /*number_words=*/false);
  // "You have 2 orders": how many there are is known.
  if (sources.records > 0) sources.facts.numbers.push_back({std::to_string(sources.records)});
  add_facts(sources.facts, sources.record_facts);
  return sources;
}

namespace {

bool HasNumber(const Facts& facts, const std::vector<std::string>& readings) {
  return std::any_of(facts.numbers.begin(), facts.numbers.end(), [&](const auto& other) {
    return std::any_of(other.begin(), other.end(), [&](const std::string& reading) {
      return std::find(readings.begin(), readings.end(), reading) != readings.end();
    });
  });
}

bool HasDate(const Facts& facts, const Date& date) {
  return std::any_of(facts.dates.begin(), facts.dates.end(),
                     [&](const Date& other) { return SameDay(date, other); });
}

bool Has(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// A number that a source writes inside an identifier or a date: 1001 of JP-1001, 2026 of
// 2026-11-21.
bool IsPartOfFact(const Facts& facts, const std::vector<std::string>& readings) {
  for (const std::string& reading : readings) {
    for (const Date& date : facts.dates) {
      if (std::to_string(date.year) == reading) return true;
    }
    for (const std::string& identifier : facts.identifiers) {
      const size_t at = identifier.find(reading);
      if (at == std::string::npos) continue;
      const size_t end = at + reading.size();
      const bool whole =
          (at == 0 || !absl::ascii_isdigit(static_cast<unsigned char>(identifier[at - 1]))) &&
          (end == identifier.size() ||
           !absl::ascii_isdigit(static_cast<unsigned char>(identifier[end])));
      if (whole) return true;
    }
  }
  return false;
}

}  // namespace

std::string Grounding::UnsupportedFact(const Sentence& sentence, const Sources& sources) const {
  for (const Date& date : sentence.facts.dates) {
    if (!HasDate(sources.facts, date)) return "a date that no source gives";
  }
  for (const auto& readings : sentence.facts.numbers) {
    if (!HasNumber(sources.facts, readings) && !IsPartOfFact(sources.facts, readings)) {
      return "a number that no source gives";
    }
  }
  for (const std::string& identifier : sentence.facts.identifiers) {
    const bool known =
        Has(sources.facts.identifiers, identifier) ||
        std::any_of(sources.passages.begin(), sources.passages.end(), [&](const auto& passage) {
          return passage.folded.find(identifier) != std::string::npos;
        });
    if (!known) return "an identifier that no source gives";
  }
  for (const std::string& address : sentence.facts.addresses) {
    const bool known =
        Has(sources.facts.addresses, address) ||
        std::any_of(sources.passages.begin(), sources.passages.end(), [&](const auto& passage) {
          return passage.folded.find(address) != std::string::npos;
        });
    if (!known) return "an address that no source gives";
  }
  return "";
}

// Capitalised words inside a sentence. German writes every noun so, and there the check means
// nothing.
std::string Grounding::UnsupportedName(const Sentence& sentence, const Sources& sources) const {
  if (sentence.language == "de") return "";
  bool starts = true;
  for (size_t i = 0; i < sentence.raw.size();) {
    size_t next = i;
    const char32_t c = NextCodePoint(sentence.raw, next);
    const bool letter = (c < 0x80 && absl::ascii_isalpha(static_cast<unsigned char>(c))) ||
                        (c >= 0xC0 && c < 0x250);
    if (!letter) {
      if (c == '.' || c == '!' || c == '?' || c == ':' || c == '\n' || c == '"' || c == '(' ||
          c == 0x201C || c == 0xAB || c == 0xBF || c == 0xA1 || c == 0x2022 || c == '-' ||
          c == '*' || c == 0x2014 || c == 0x2013 || c == '#') {
        starts = true;
      }
      i = next;
      continue;
    }
    size_t end = i;
    while (end < sentence.raw.size()) {
      size_t step = end;
      const char32_t inner = NextCodePoint(sentence.raw, step);
      const bool more = (inner < 0x80 && absl::ascii_isalnum(static_cast<unsigned char>(inner))) ||
                        (inner >= 0xC0 && inner < 0x250);
      if (!more) break;
      end = step;
    }
    const std::string_view word = sentence.raw.substr(i, end - i);
    const std::string folded = FoldAccents(word);
    const bool capital = ToLower(word).substr(0, next - i) != word.substr(0, next - i);
    const bool digits =
        std::any_of(word.begin(), word.end(), [](char b) { return b >= '0' && b <= '9'; });
    if (capital && !starts && !digits && word.size() > 1 && !sources.words.contains(folded) &&
        !known_names_.contains(folded)) {
      return "a name that no source gives";
    }
    starts = false;
    i = end;
  }
  return "";
}

std::string Grounding::UnsupportedClaim(const Sentence& sentence, const Sources& sources) const {
  const uint64_t missing = ClaimsOf(sentence.words) & ~sources.claims;
  for (size_t c = 0; c < claim_names_.size(); ++c) {
    if (missing >> c & 1)
      return absl::StrCat("a claim that no source makes (", claim_names_[c], ")");
  }
  return "";
}

bool Grounding::Covered(const Sentence& sentence, const Sources& sources,
                        std::string_view language) const {
  std::vector<std::string> content;
  for (const std::string& word : sentence.words) {
    if (word.size() >= kContentSizeMin && !common_.contains(word)) content.push_back(Stem(word));
  }
  // Two words are no basis for a share.
  if (content.size() < 3) return true;
  bool comparable = false;
  for (const Sources::Text& passage : sources.passages) {
    if (!language.empty() && !passage.language.empty() && passage.language != language) continue;
    comparable = true;
    const auto shared = std::count_if(content.begin(), content.end(), [&](const std::string& stem) {
      return passage.stems.contains(stem);
    });
    if (static_cast<double>(shared) >= coverage_min_ * static_cast<double>(content.size()))
      return true;
  }
  // A translation shares no words with its source; its facts and claims have been checked.
  return !comparable && !sources.passages.empty();
}

std::string Grounding::Objection(const v1::ReviewRequest& request) const {
  Sentence sentence;
  sentence.raw = request.text();
  sentence.folded = Fold(request.text());
  sentence.language = Primary(request.language());
  for (const v1::Passage& passage : request.passages()) {
    // What stands in a passage word for word needs no further look.
    if (passage.text().find(request.text()) != std::string::npos) return "";
  }
  sentence.words = WordsOf(sentence.folded);
  sentence.facts = ExtractFacts(WithoutPersonalData(sentence.folded), /*number_words=*/false);
  const size_t last = sentence.folded.find_last_not_of(" \n\"')");
  sentence.question = last != std::string::npos && sentence.folded[last] == '?';
  const Sources sources = Read(request);
  if (std::string objection = UnsupportedFact(sentence, sources); !objection.empty())
    return objection;
  if (std::string objection = UnsupportedName(sentence, sources); !objection.empty())
    return objection;
  // A question offers or asks; it claims nothing.
  if (sentence.question) return "";
  if (std::string objection = UnsupportedClaim(sentence, sources); !objection.empty())
    return objection;
  if (sentence.facts.empty() && ClaimsOf(sentence.words) == 0) return "";
  const bool from_record =
      std::any_of(sentence.facts.numbers.begin(), sentence.facts.numbers.end(),
                  [&](const auto& readings) {
                    return HasNumber(sources.record_facts, readings) ||
                           IsPartOfFact(sources.record_facts, readings);
                  }) ||
      std::any_of(sentence.facts.dates.begin(), sentence.facts.dates.end(),
                  [&](const Date& date) { return HasDate(sources.record_facts, date); }) ||
      std::any_of(sentence.facts.identifiers.begin(), sentence.facts.identifiers.end(),
                  [&](const std::string& id) { return Has(sources.record_facts.identifiers, id); });
  if (from_record || (sources.records > 0 && sentence.facts.empty())) return "";
  return Covered(sentence, sources, sentence.language) ? ""
                                                       : "a statement that no passage supports";
}

}  // namespace switchboard::critic
