#include "services/knowledge-retrieval/query.h"

#include <algorithm>

#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

// How much another term is worth where the customer's own does not occur. The order matters more
// than the figures; chosen on testdata/questions.jsonl (README, "Measured").
constexpr float kExact = 1.0f;
constexpr float kOtherLanguageStem = 0.95f;
constexpr float kCorrected = 0.85f;
constexpr float kSynonym = 0.8f;
constexpr float kTranslation = 0.8f;
constexpr float kTranslatedPhrase = 0.7f;
constexpr float kBroaderFactor = 0.8f;
constexpr float kHalf = 0.5f;
constexpr float kContextImportance = 0.5f;
// "Return my boots" is about returning: the product narrows the answer, the rest of the question
// asks.
constexpr float kNameImportance = 0.5f;
constexpr float kTellingStopWordImportance = 0.4f;
constexpr size_t kAlternativesMax = 12;
constexpr size_t kOrderNumberDigits = 5;

// A part of a message begins after the end of a sentence, and at a comma or a conjunction that a
// function word follows ("…, and who pays", not "blue and green").
constexpr std::string_view kConjunctions[] = {"and", "but",  "also", "et",  "mais",
                                              "y",   "pero", "und",  "aber"};

bool IsConjunction(std::string_view word) {
  return std::find(std::begin(kConjunctions), std::end(kConjunctions), word) !=
         std::end(kConjunctions);
}

bool IsNumber(std::string_view word) {
  return word.find_first_not_of("0123456789") == std::string_view::npos;
}

bool HasDigits(std::string_view word) {
  return word.find_first_of("0123456789") != std::string_view::npos;
}

class Builder {
 public:
  Builder(const Analyzer& analyzer, const Vocabulary& vocabulary, QueryText text)
      : analyzer_(analyzer), vocabulary_(vocabulary), text_(text) {}

  Query Build() {
    const std::vector<Word> words = SplitWords(text_.text);
    Decide(words);
    Add(words, 1.0f, Clauses(words));
    Add(SplitWords(text_.context), kContextImportance, {});
    NumberClauses();
    return std::move(query_);
  }

 private:
  // The languages to analyse with: the one asked for and the one written.
  void Decide(const std::vector<Word>& words) {
    written_ = analyzer_.DetectLanguage(text_.text, words);
    if (written_ < 0) written_ = ByVocabulary(words);
    query_.language = text_.language >= 0 ? text_.language : written_;
    if (written_ < 0) written_ = query_.language;
  }

  // Without function words ("aurora pression"): the language whose documents know most of the
  // words.
  int ByVocabulary(const std::vector<Word>& words) const {
    int known[kLanguageCount] = {};
    for (const Word& word : words) {
      const uint32_t languages = vocabulary_.LanguagesOf(word.folded);
      for (int i = 0; i < kLanguageCount; ++i) known[i] += (languages >> i) & 1;
    }
    const int best = std::max_element(known, known + kLanguageCount) - known;
    const bool alone = std::count(known, known + kLanguageCount, known[best]) == 1;
    return alone ? best : text_.default_language;
  }

  // The clause of each word.
  std::vector<uint8_t> Clauses(const std::vector<Word>& words) const {
    std::vector<uint8_t> clauses(words.size());
    uint8_t clause = 0;
    for (size_t i = 1; i < words.size(); ++i) {
      const std::string_view between =
          text_.text.substr(words[i - 1].end, words[i].begin - words[i - 1].end);
      const bool sentence = between.find_first_of(".!?;\n") != std::string_view::npos;
      const bool comma = between.find(',') != std::string_view::npos;
      const bool follows = IsConjunction(words[i - 1].folded);
      if (clause + 1 < kNoClause &&
          (sentence || ((comma || follows) && IsStopWord(words[i].folded)))) {
        ++clause;
      }
      clauses[i] = clause;
    }
    return clauses;
  }

  // Parts without a topic of their own ("Hello there", "thanks") join the one before.
  void NumberClauses() {
    uint8_t numbers[256];
    std::fill(std::begin(numbers), std::end(numbers), kNoClause);
    size_t count = 0;
    for (const QueryTerm& term : query_.terms) {
      const bool topic = term.importance >= 1 && !term.alternatives.empty();
      if (term.clause == kNoClause || !topic || numbers[term.clause] != kNoClause) continue;
      numbers[term.clause] = static_cast<uint8_t>(std::min(count, kClausesMax - 1));
      ++count;
    }
    uint8_t last = 0;
    for (QueryTerm& term : query_.terms) {
      if (term.clause == kNoClause) continue;
      if (numbers[term.clause] != kNoClause) last = numbers[term.clause];
      term.clause = last;
    }
    query_.clauses = std::clamp<size_t>(count, 1, kClausesMax);
  }

  void Add(const std::vector<Word>& words, float importance, const std::vector<uint8_t>& clauses) {
    for (size_t i = 0; i < words.size() && query_.terms.size() < kQueryTermsMax;) {
      QueryTerm term;
      term.importance = importance;
      term.clause = clauses.empty() ? kNoClause : clauses[i];
      size_t taken = TakePhrase(words, i, term);
      if (taken == 0) {
        taken = 1;
        const std::string& word = words[i].folded;
        const bool order_number = IsNumber(word) && word.size() >= kOrderNumberDigits;
        if (IsStopWord(word)) {
          AddTellingStopWord(words[i], term);
        } else if (!order_number) {
          term.word = word;
          if (IsName(words[i])) term.importance *= kNameImportance;
          AddWord(words[i], i + 1 < words.size() ? &words[i + 1] : nullptr, term);
        }
      }
      i += taken;
      // A product or parcel number that no document mentions says nothing about the documents.
      const bool unknown_code = term.alternatives.empty() && HasDigits(term.word);
      if (!term.word.empty() && !unknown_code) Keep(std::move(term));
    }
  }

  bool IsName(const Word& word) const {
    constexpr int kEnglish = 0;
    return text_.names != nullptr && text_.names->contains(analyzer_.Stem(word, kEnglish));
  }

  bool IsStopWord(const std::string& word) const {
    return analyzer_.IsStopWord(word, written_) || analyzer_.IsStopWord(word, query_.language);
  }

  // The longest entry of synonyms.json of two words and more that begins at `i`; words taken, or 0.
  size_t TakePhrase(const std::vector<Word>& words, size_t i, QueryTerm& term) const {
    for (size_t length = std::min(Analyzer::kPhraseWordsMax, words.size() - i); length >= 2;
         --length) {
      std::string stems;
      std::string bare;  // "send back" of "send it back"
      std::string text;
      for (size_t j = i; j < i + length; ++j) {
        StrAppend(&stems, j == i ? "" : " ", analyzer_.Stem(words[j], written_));
        const bool inside = j > i && j + 1 < i + length;
        if (!inside || !IsStopWord(words[j].folded)) {
          StrAppend(&bare, j == i ? "" : " ", analyzer_.Stem(words[j], written_));
        }
        StrAppend(&text, j == i ? "" : " ", words[j].folded);
      }
      const std::vector<uint32_t>* groups = analyzer_.GroupsOf(stems, written_);
      if (groups == nullptr) groups = analyzer_.GroupsOf(bare, written_);
      if (groups == nullptr) continue;
      AddGroups(*groups, term);
      // No document has a one-word equivalent: the words speak for themselves.
      if (term.alternatives.empty()) continue;
      term.word = std::move(text);
      for (size_t j = i; j < i + length; ++j) {
        if (!IsStopWord(words[j].folded)) AddForms(words[j], kSynonym, term);
        if (IsName(words[j]) && j == i) term.importance *= kNameImportance;
      }
      return length;
    }
    return 0;
  }

  // "When will I get it?" asks for days and times although "when" itself is not indexed.
  void AddTellingStopWord(const Word& word, QueryTerm& term) const {
    const auto* groups = analyzer_.GroupsOf(analyzer_.Stem(word, written_), written_);
    if (groups == nullptr) return;
    AddGroups(*groups, term);
    if (term.alternatives.empty()) return;
    term.word = word.folded;
    term.importance *= kTellingStopWordImportance;
  }

  void AddWord(const Word& word, const Word* next, QueryTerm& term) const {
    AddForms(word, kExact, term);
    const std::string stem = analyzer_.Stem(word, written_);
    const std::vector<uint32_t>* groups = analyzer_.GroupsOf(stem, written_);
    if (groups != nullptr) AddGroups(*groups, term);
    Prefer(term);
    if (next != nullptr) {  // "head lamp" where the documents write "headlamp"
      AddTerms(vocabulary_.TermsOf(StrCat(word.folded, next->folded)), kSynonym, term);
    }
    // A word that no document spells like this may be mistyped, even if its stem happens to be some
    // other language's ("adress").
    if (groups != nullptr || vocabulary_.TermsOf(word.folded) != nullptr) return;
    for (const TermId correction : vocabulary_.Corrections(word.folded)) {
      AddTerm(correction, kCorrected, term);
      const auto* meant = analyzer_.GroupsOf(vocabulary_.text(correction), written_);
      if (meant != nullptr) AddGroups(*meant, term);
    }
    if (term.alternatives.empty()) AddHalves(word.folded, term);
  }

  // "PayPal" before other payments: where documents have a rarer word itself, what else it may mean
  // counts less.
  void Prefer(QueryTerm& term) const {
    if (term.alternatives.empty() || term.alternatives.front().weight < kExact) return;
    const uint32_t own = vocabulary_.passages(term.alternatives.front().term);
    for (Alternative& other : term.alternatives) {
      if (other.weight >= kOtherLanguageStem) continue;
      if (vocabulary_.passages(other.term) > own) other.weight *= kBroaderFactor;
    }
  }

  // The word's own terms: by its stems and, where accents were left out, by the word without
  // accents.
  void AddForms(const Word& word, float weight, QueryTerm& term) const {
    AddTerm(vocabulary_.Find(analyzer_.Stem(word, written_)), weight, term);
    if (query_.language != written_) {
      AddTerm(vocabulary_.Find(analyzer_.Stem(word, query_.language)), weight, term);
    }
    AddTerms(vocabulary_.TermsOf(word.folded), weight * kOtherLanguageStem, term);
  }

  void AddGroups(const std::vector<uint32_t>& groups, QueryTerm& term) const {
    for (const uint32_t number : groups) {
      const SynonymGroup& group = analyzer_.group(number);
      for (int language = 0; language < kLanguageCount; ++language) {
        const bool same = language == written_ || language == query_.language;
        for (const std::string& stems : group.entries[language]) {
          if (stems.find(' ') == std::string::npos) {
            AddTerm(vocabulary_.Find(stems), same ? kSynonym : kTranslation, term);
          } else if (language != written_) {
            AddTerm(RarestOf(stems), kTranslatedPhrase, term);
          }
        }
      }
    }
  }

  // "mot de passe" for "password": the rarest of its words stands for the phrase. Only
  // for other languages; one's own has a single word for most phrases.
  TermId RarestOf(const std::string& stems) const {
    TermId rarest = Vocabulary::kNone;
    for (const std::string_view stem : StrSplit(stems, ' ')) {
      const TermId term = vocabulary_.Find(stem);
      if (term == Vocabulary::kNone || vocabulary_.passages(term) == 0) continue;  // a stop word
      const bool rarer =
          rarest == Vocabulary::kNone || vocabulary_.passages(term) < vocabulary_.passages(rarest);
      if (rarer) rarest = term;
    }
    return rarest;
  }

  // "airfryer" where the documents write "air fryer": the longer half stands for both.
  void AddHalves(std::string_view word, QueryTerm& term) const {
    constexpr size_t kHalfMin = 3;
    for (size_t cut = kHalfMin; cut + kHalfMin <= word.size(); ++cut) {
      const auto* left = vocabulary_.TermsOf(word.substr(0, cut));
      const auto* right = vocabulary_.TermsOf(word.substr(cut));
      if (left == nullptr || right == nullptr) continue;
      AddTerms(left, kHalf, term);
      AddTerms(right, kHalf, term);
      return;
    }
  }

  void AddTerms(const std::vector<TermId>* ids, float weight, QueryTerm& term) const {
    if (ids == nullptr) return;
    for (const TermId id : *ids) AddTerm(id, weight, term);
  }

  void AddTerm(TermId id, float weight, QueryTerm& term) const {
    if (id == Vocabulary::kNone || vocabulary_.passages(id) == 0) return;
    if (term.alternatives.size() == kAlternativesMax) return;
    for (Alternative& known : term.alternatives) {
      if (known.term != id) continue;
      known.weight = std::max(known.weight, weight);
      return;
    }
    term.alternatives.push_back({id, weight});
  }

  // A word said twice counts once.
  void Keep(QueryTerm term) {
    for (const QueryTerm& known : query_.terms) {
      const bool same_word = known.word == term.word;
      const bool same_term = !known.alternatives.empty() && !term.alternatives.empty() &&
                             known.alternatives[0].term == term.alternatives[0].term;
      if (same_word || same_term) return;
    }
    query_.terms.push_back(std::move(term));
  }

  const Analyzer& analyzer_;
  const Vocabulary& vocabulary_;
  const QueryText text_;
  int written_ = -1;
  Query query_;
};

}  // namespace

Query BuildQuery(const Analyzer& analyzer, const Vocabulary& vocabulary, QueryText text) {
  return Builder(analyzer, vocabulary, text).Build();
}

}  // namespace switchboard::knowledge_retrieval
