#include "services/critic-supervisor/critic/grounding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "common/text/personal_data.h"
#include "common/text/phrases.h"
#include "services/critic-supervisor/critic/facts.h"
#include "services/critic-supervisor/critic/normalise.h"

namespace switchboard::critic {
namespace {

// Shorter words are articles and prepositions.
constexpr size_t kContentSizeMin = 4;
// Inflections differ at the end: deliver, delivered, delivery.
constexpr size_t kStemSize = 6;

std::string_view Primary(std::string_view language) {
  return language.substr(0, language.find('-'));
}

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
  for (const text::PersonalDataSpan& span : text::FindPersonalData(text))
    std::fill(text.begin() + static_cast<long>(span.begin),
              text.begin() + static_cast<long>(span.end), ' ');
  return text;
}

// The text is one or more whole sentences of the passage, or a whole line: a part of a sentence
// may leave out the condition.
bool StandsWhole(std::string_view passage, std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  constexpr std::string_view kEnds = ".!?:\n";
  for (size_t at = passage.find(text); !text.empty() && at != std::string_view::npos;
       at = passage.find(text, at + 1)) {
    const size_t before = passage.substr(0, at).find_last_not_of(" \"'*-#");
    const bool begins =
        before == std::string_view::npos || kEnds.find(passage[before]) != std::string_view::npos;
    const size_t end = at + text.size();
    const bool ends = end >= passage.size() || passage[end] == '\n' ||
                      kEnds.find(text.back()) != std::string_view::npos;
    if (begins && ends) return true;
  }
  return false;
}

// "warranty_months": the unit of the value stands in the name of the field.
std::string_view UnitOfField(std::string_view key) {
  const size_t bar = key.rfind('_');
  const std::string_view last = bar == std::string_view::npos ? key : key.substr(bar + 1);
  for (const std::string_view unit : {"minutes", "hours", "days", "weeks", "months", "years", "g",
                                      "kg", "cm", "mm", "ml", "percent"}) {
    if (last == unit) return unit;
  }
  return "";
}

// A record as a text: all that is known of it in one sentence.
std::string Tell(const v1::Record& record) {
  std::string told = absl::StrCat(record.kind(), " ", record.id());
  if (record.access() != v1::Record::GRANTED) return told;
  const auto currency = record.fields().find("currency");
  for (const auto& [key, value] : record.fields()) {
    if (value.empty()) continue;
    absl::StrAppend(&told, ", ", key, " ", value);
    const std::string_view unit = UnitOfField(key);
    if (!unit.empty()) absl::StrAppend(&told, " ", ToAbsl(unit));
    const bool amount = key == "total" || key == "price" || key.find("amount") != std::string::npos;
    if (amount && currency != record.fields().end()) absl::StrAppend(&told, " ", currency->second);
  }
  return told;
}

// Titles and texts of the passages, then the records.
Sources ReadSources(const v1::ReviewRequest& request) {
  Sources sources;
  const int spoken = LanguageIndex(request.language());
  const auto mark = [&](bool title) {
    const size_t read = sources.titles.size();
    sources.titles.resize(sources.statements.sentences.size(), title);
    for (size_t s = read; s < sources.titles.size(); ++s) {
      sources.statements.sentences[s].source = static_cast<uint32_t>(sources.texts.size() - 1);
    }
  };
  for (const v1::Passage& passage : request.passages()) {
    int language = LanguageIndex(passage.language());
    if (passage.language().empty()) language = spoken;
    sources.texts.push_back({.record = false, .comparable = language == spoken});
    Read(passage.title(), language, sources.statements);
    if (passage.section() != passage.title()) Read(passage.section(), language, sources.statements);
    mark(true);
    Read(passage.text(), language, sources.statements);
    mark(false);
  }
  size_t granted = 0;
  for (const v1::Record& record : request.records()) {
    granted += record.access() == v1::Record::GRANTED;
    sources.texts.push_back({.record = true, .comparable = false});
    Read(Tell(record), 0, sources.statements);
    // "You have 2 orders": how many there are is known.
    if (granted > 1) Read(absl::StrCat(granted, " ", record.kind()), 0, sources.statements);
    mark(false);
  }
  return sources;
}

std::string IdOf(const v1::ReviewRequest& request, size_t source) {
  const auto passages = static_cast<size_t>(request.passages_size());
  if (source < passages) return request.passages(static_cast<int>(source)).document_id();
  const v1::Record& record = request.records(static_cast<int>(source - passages));
  return absl::StrCat(record.kind(), ":", record.id());
}

bool Has(const Statements& claim, const Sentence& sentence, WordClass word_class) {
  return std::any_of(claim.words.begin() + sentence.first, claim.words.begin() + sentence.last,
                     [&](const Word& word) { return word.word_class == word_class; });
}

// What the generator is told.
std::string_view ObjectionTo(const Alignment& alignment) {
  switch (alignment.Reason()) {
    case Feature::kQuantity:
      return "a number or date that no source gives";
    case Feature::kBinding:
      return "a number that the sources give for something else";
    case Feature::kBound:
      return "a limit the wrong way round";
    case Feature::kWeekday:
      return "a day that the source does not name";
    case Feature::kNegation:
      return "the opposite of what the source says";
    case Feature::kUniversal:
      return "in general what the source does not";
    case Feature::kCondition:
    case Feature::kNarrowing:
      return "without its condition what the source limits";
    case Feature::kOnly:
      return "a restriction that the source does not make";
    case Feature::kComparison:
      return "a comparison that no source makes";
    case Feature::kName:
      return "of one thing what the source says of another";
    case Feature::kPromise:
      return "a promise that no source makes";
    default:
      return "a statement that no passage supports";
  }
}

}  // namespace

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

bool Grounding::IsKnownName(std::string_view word) const {
  return known_names_.contains(FoldAccents(word));
}

// The company's own name and words like "OK" are no claims.
void Grounding::ForgetKnownNames(std::string_view text, std::string_view language,
                                 Statements& claim) const {
  for (Word& word : claim.words) {
    if (Primary(language) == "de") word.name = false;
    if (!word.name || word.known || !IsKnownName(text.substr(word.begin, word.size))) continue;
    word.name = false;
    word.word_class = WordClass::kTalk;
  }
}

std::string Grounding::UnsupportedFact(const v1::ReviewRequest& request, const Statements& claim,
                                       const Sources& sources) const {
  const auto in_source = [&](std::string_view folded) {
    const auto holds = [&](std::string_view text) {
      return FoldAccents(text).find(folded) != std::string::npos;
    };
    return std::any_of(request.passages().begin(), request.passages().end(),
                       [&](const v1::Passage& passage) {
                         return holds(passage.text()) || holds(passage.title());
                       }) ||
           std::any_of(request.records().begin(), request.records().end(),
                       [&](const v1::Record& record) { return holds(Tell(record)); });
  };
  const bool has_address = request.text().find('@') != std::string::npos ||
                           request.text().find("://") != std::string::npos ||
                           request.text().find("www.") != std::string::npos;
  const bool has_identifier = std::any_of(claim.words.begin(), claim.words.end(),
                                          [](const Word& word) { return word.identifier; });
  if (has_address || has_identifier) {
    const Facts facts = ExtractFacts(WithoutPersonalData(Fold(request.text())), false);
    for (const std::string& identifier : facts.identifiers) {
      if (!in_source(identifier)) return "an identifier that no source gives";
    }
    for (const std::string& address : facts.addresses) {
      if (!in_source(address)) return "an address that no source gives";
    }
  }
  // Capitalised words inside a sentence. German writes every noun so.
  if (Primary(request.language()) == "de") return "";
  for (const Word& word : claim.words) {
    if (!word.name || word.known || word.identifier) continue;
    const bool found = std::any_of(sources.statements.words.begin(), sources.statements.words.end(),
                                   [&](const Word& other) { return other.key == word.key; });
    if (!found && !IsKnownName(std::string_view(request.text()).substr(word.begin, word.size)) &&
        !in_source(FoldAccents(std::string_view(request.text()).substr(word.begin, word.size)))) {
      return "a name that no source gives";
    }
  }
  return "";
}

// For languages without a vocabulary.
std::string Grounding::UnsupportedClaim(const v1::ReviewRequest& request) const {
  const std::string folded = Fold(request.text());
  const std::vector<std::string> words = WordsOf(folded);
  const Facts facts = ExtractFacts(WithoutPersonalData(folded), /*number_words=*/false);
  const uint64_t claims = ClaimsOf(words);
  std::vector<std::string> content;
  for (const std::string& word : words) {
    if (word.size() >= kContentSizeMin && !common_.contains(word))
      content.push_back(word.substr(0, kStemSize));
  }
  uint64_t missing = claims;
  bool comparable = false, covered = false;
  for (const v1::Passage& passage : request.passages()) {
    const std::vector<std::string> said =
        WordsOf(Fold(absl::StrCat(passage.title(), "\n", passage.text())));
    missing &= ~ClaimsOf(said);
    if (!passage.language().empty() && Primary(passage.language()) != Primary(request.language()))
      continue;
    comparable = true;
    const auto shared = std::count_if(content.begin(), content.end(), [&](const std::string& stem) {
      return std::any_of(said.begin(), said.end(),
                         [&](const std::string& word) { return word.starts_with(stem); });
    });
    covered |= static_cast<double>(shared) >= coverage_min_ * static_cast<double>(content.size());
  }
  for (const v1::Record& record : request.records())
    missing &= ~ClaimsOf(WordsOf(Fold(Tell(record))));
  for (size_t c = 0; c < claim_names_.size(); ++c) {
    if (missing >> c & 1)
      return absl::StrCat("a claim that no source makes (", claim_names_[c], ")");
  }
  // Two words are no basis for a share; a translation shares no words with its source.
  const bool states = !facts.empty() || claims != 0;
  if (!states || content.size() < 3 || covered || request.records_size() > 0) return "";
  return comparable || request.passages().empty() ? "a statement that no passage supports" : "";
}

std::vector<Alignment> Grounding::Align(const v1::ReviewRequest& request) const {
  Statements claim;
  Read(WithoutPersonalData(request.text()), LanguageIndex(request.language()), claim);
  const Sources sources = ReadSources(request);
  std::vector<Alignment> alignments;
  for (const Sentence& sentence : claim.sentences) {
    alignments.push_back(critic::Align(claim, sentence, sources));
    if (Has(claim, sentence, WordClass::kUnknown) && !Has(claim, sentence, WordClass::kContrast))
      alignments.back().states_nothing = true;
    // A question offers or asks; it claims nothing but the figures in it.
    if (sentence.question &&
        alignments.back().features[static_cast<size_t>(Feature::kQuantity)] == 0)
      alignments.back().states_nothing = true;
  }
  return alignments;
}

Grounded Grounding::Judge(const v1::ReviewRequest& request) const {
  for (const v1::Passage& passage : request.passages()) {
    if (StandsWhole(passage.text(), request.text())) return {"", {passage.document_id()}};
  }
  Grounded grounded;
  const int language = LanguageIndex(request.language());
  Statements claim;
  Read(WithoutPersonalData(request.text()), language, claim);
  const Sources sources = ReadSources(request);
  grounded.objection = UnsupportedFact(request, claim, sources);
  if (!grounded.objection.empty()) return grounded;
  ForgetKnownNames(request.text(), request.language(), claim);
  for (const Sentence& sentence : claim.sentences) {
    Alignment alignment = critic::Align(claim, sentence, sources);
    const bool figures = alignment.features[static_cast<size_t>(Feature::kQuantity)] > 0;
    const bool unknown =
        Has(claim, sentence, WordClass::kUnknown) && !Has(claim, sentence, WordClass::kContrast);
    if (alignment.states_nothing || ((unknown || sentence.question) && !figures)) continue;
    if (language < 0 ? figures : alignment.Score() > 0) {
      grounded.objection = std::string(ObjectionTo(alignment));
      return grounded;
    }
    for (const uint32_t source : alignment.support) {
      std::string id = IdOf(request, source);
      if (std::find(grounded.supported_by.begin(), grounded.supported_by.end(), id) ==
          grounded.supported_by.end()) {
        grounded.supported_by.push_back(std::move(id));
      }
    }
  }
  if (language < 0) grounded.objection = UnsupportedClaim(request);
  return grounded;
}

}  // namespace switchboard::critic
