#include "services/response-generator/selector.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace switchboard::response_generator {
namespace {

// Weights of what speaks for a sentence, in units of "all words of the question are in it". Chosen
// by hand on the sample documents; the heading weighs most after the words themselves because the
// documents' headings are questions.
constexpr double kSentenceWeight = 0.5;
constexpr double kTogetherWeight = 0.6;
constexpr double kSectionWeight = 0.8;
constexpr double kTitleWeight = 0.3;
constexpr double kKindWeight = 0.25;
constexpr double kSectionKindWeight = 0.2;
constexpr double kPriorWeight = 0.7;
// A document of the category that the classifier heard, when it is sure.
constexpr double kCategoryWeight = 0.35;
// From this probability on the classifier has understood the matter, and words that no passage has
// (a story, typing errors) count at most so many times what the found ones do.
constexpr double kCategorySure = 0.5;
constexpr double kUnfoundOfFoundMax = 2;
// Of such a document this share less must be found of what was asked: the classifier has understood
// words, and typing errors, that we have not.
constexpr double kCategoryRelief = 0.8;
constexpr double kFirstWeight = 0.15;
// Words of a known concept are what customers ask about; others may be chat.
constexpr double kConceptFactor = 1.5;
// A heading that is the question: what stands under it is read from the paragraph's beginning.
constexpr double kSectionAnswers = 0.5;
constexpr double kFocusWeight = 0.15;
constexpr double kLeansBackPenalty = 0.1;
constexpr double kLongPenalty = 0.1;
constexpr size_t kLongBytes = 300;
// A neighbour is kept with the best sentence from this share of its score on.
constexpr double kNeighbourShare = 0.55;
// A sentence from elsewhere must be nearly as good, and say something new.
constexpr double kElsewhereShare = 0.92;
constexpr double kElsewhereSupportMin = 0.5;
// Ordinary words alone, without a heading that speaks of the matter ("the meaning of life" and "a
// red light means …"), must be most of the question.
constexpr double kInPassingSupportMin = 0.6;
// From this share of the question's meaning on, no other language is looked at. Below it, another
// language is quoted when it speaks of more of the things that were asked about.
constexpr double kNativeEnough = 0.7;
// The question's words count no more than so many average ones, or a long story could never be
// answered.
constexpr double kMeaningfulWordsMax = 4;
// Steps of a procedure that are read out; longer ones are cut.
constexpr size_t kStepsMax = 8;
constexpr size_t kTermsMax = 64;

std::string Primary(std::string_view language) {
  return std::string(language.substr(0, language.find('-')));
}

}  // namespace

// The weights of one question's terms over the candidate sentences.
class Selector::Scoring {
 public:
  Scoring(const Selector& selector, const Ask& ask, bool native)
      : selector_(selector), ask_(ask), native_(native) {
    CountDocuments();
    double sum = 0, own = 0, unfound = 0;
    for (size_t i = 0; i < TermCount(); ++i) {
      const Term& term = ask.terms[i];
      weights_[i] = term.weight * (term.concept_word ? kConceptFactor : 1.0) *
                    std::sqrt(std::log(1 + lines_ / (frequency_[i] + 0.5)));
      // Across languages only names, numbers and concepts can be expected to be found.
      if (term.hint || (!native && !term.concept_word && frequency_[i] == 0)) continue;
      sum += weights_[i];
      own += term.weight;
      if (frequency_[i] == 0) unfound += weights_[i];
    }
    const double average = own > 0 ? sum / own : 0;
    denominator_ = std::min(sum, kMeaningfulWordsMax * average);
    const bool heard =
        std::any_of(ask.categories.begin(), ask.categories.end(),
                    [](const CategoryPrior& prior) { return prior.weight >= kCategorySure; });
    if (heard && sum > unfound) {
      denominator_ = std::min(denominator_, (sum - unfound) * (1 + kUnfoundOfFoundMax));
    }
    if (denominator_ <= 0) {
      // Nothing but hints: they are the question.
      for (size_t i = 0; i < TermCount(); ++i) denominator_ += weights_[i];
    }
  }

  uint64_t TermsOf(const Word* begin, const Word* end) const {
    uint64_t out = 0;
    for (const Word* word = begin; word != end; ++word) {
      if (word->stopword) continue;
      for (size_t i = 0; i < TermCount(); ++i) {
        if (ask_.terms[i].hash == word->hash) out |= uint64_t{1} << i;
      }
    }
    return out;
  }
  uint64_t TermsOf(const std::vector<Word>& words) const {
    return TermsOf(words.data(), words.data() + words.size());
  }

  // Coverage by a heading, less what it says besides: "Refund of a cancelled order" is not quite
  // "refund".
  double Match(const std::vector<Word>& heading, uint64_t terms) const {
    int meaningful = 0, matched = 0;
    for (const Word& word : heading) {
      if (word.stopword) continue;
      ++meaningful;
      matched += TermsOf(&word, &word + 1) != 0;
    }
    if (meaningful == 0) return 0;
    return Coverage(terms) * (0.25 + 0.75 * matched / meaningful);
  }

  // Share of the question's meaning in these terms.
  double Coverage(uint64_t terms) const {
    if (denominator_ <= 0) return 0;
    double sum = 0;
    for (; terms != 0; terms &= terms - 1) sum += weights_[std::countr_zero(terms)];
    return std::min(1.0, sum / denominator_);
  }

 private:
  size_t TermCount() const { return std::min(ask_.terms.size(), kTermsMax); }

  void CountDocuments() {
    for (const Prepared& prepared : selector_.prepared_) {
      if (prepared.native != native_) continue;
      for (const Line& line : prepared.lines) {
        ++lines_;
        uint64_t terms = TermsOf(selector_.words_.data() + line.words_begin,
                                 selector_.words_.data() + line.words_end);
        for (; terms != 0; terms &= terms - 1) ++frequency_[std::countr_zero(terms)];
      }
    }
  }

  const Selector& selector_;
  const Ask& ask_;
  const bool native_;
  double lines_ = 0;
  int frequency_[kTermsMax] = {};
  double weights_[kTermsMax] = {};
  double denominator_ = 0;
};

Selector::Selector(const Lexicon& lexicon,
                   const google::protobuf::RepeatedPtrField<v1::Passage>& passages,
                   std::string_view language)
    : lexicon_(lexicon), passages_(passages) {
  const int count = std::min(passages.size(), kPassagesMax);
  double score_max = 0;
  for (int i = 0; i < count; ++i) score_max = std::max(score_max, passages.Get(i).score());
  words_.reserve(static_cast<size_t>(count) * 220);
  prepared_.reserve(count);
  const std::string wanted = Primary(language);
  for (int i = 0; i < count; ++i) {
    prepared_.push_back(Prepare(passages.Get(i), wanted, score_max));
  }
}

Selector::Prepared Selector::Prepare(const v1::Passage& passage, const std::string& language,
                                     double score_max) {
  Prepared out;
  out.native = passage.language().empty() || Primary(passage.language()) == language;
  out.prior = score_max > 0 ? passage.score() / score_max : 0;
  out.category = passage.category();
  out.section = lexicon_.Words(passage.section());
  out.title = lexicon_.Words(passage.title());
  out.section_kinds = lexicon_.KindsAsked(Normalized(passage.section()));
  for (const Sentence& sentence : SplitSentences(passage.text())) {
    // Headings that stand in the text, and questions: they answer nothing.
    if (sentence.text.ends_with('?') || sentence.text == passage.section() ||
        sentence.text == passage.title()) {
      continue;
    }
    Line line;
    line.sentence = sentence;
    line.words_begin = static_cast<uint32_t>(words_.size());
    bool number = false;
    ForEachWord(sentence.text, [&](std::string_view word) {
      words_.push_back(lexicon_.Look(word));
      number |= words_.back().number;
      line.kinds |= words_.back().kind_evidence;
    });
    line.words_end = static_cast<uint32_t>(words_.size());
    for (const Kind kind : {kDuration, kCost, kMethod, kPermission}) {
      if (lexicon_.NeedsNumber(kind) && !number) line.kinds &= static_cast<uint8_t>(~kind);
    }
    if (number) line.kinds |= kCount;
    if (sentence.number > 0) line.kinds |= kMethod;
    line.leans_back = lexicon_.LeansBack(sentence.text);
    out.lines.push_back(line);
  }
  return out;
}

Selection Selector::Select(const Ask& ask, const Limits& limits) const {
  Selection native = SelectAmong(ask, limits, /*native=*/true);
  if (native.support >= kNativeEnough && !native.picks.empty()) return native;
  Selection foreign = SelectAmong(ask, limits, /*native=*/false);
  const bool says_more = foreign.concepts_matched > native.concepts_matched;
  return !foreign.picks.empty() && (native.picks.empty() || says_more) ? foreign : native;
}

Selection Selector::SelectAmong(const Ask& ask, const Limits& limits, bool native) const {
  const Scoring scoring(*this, ask, native);
  std::vector<Scored> all;
  uint64_t concepts = 0, essential = 0;
  for (size_t i = 0; i < std::min(ask.terms.size(), kTermsMax); ++i) {
    if (ask.terms[i].concept_word && !ask.terms[i].hint) concepts |= uint64_t{1} << i;
    if (ask.terms[i].essential) essential |= uint64_t{1} << i;
  }
  for (int p = 0; p < static_cast<int>(prepared_.size()); ++p) {
    const Prepared& passage = prepared_[p];
    if (passage.native != native) continue;
    const uint64_t section = scoring.TermsOf(passage.section);
    const uint64_t title = scoring.TermsOf(passage.title);
    const double section_match = scoring.Match(passage.section, section);
    double base = kSectionWeight * section_match +
                  kTitleWeight * scoring.Match(passage.title, title) + kPriorWeight * passage.prior;
    double category = 0;
    for (const CategoryPrior& prior : ask.categories) {
      if (prior.category == passage.category) category = std::max(category, prior.weight);
    }
    base += kCategoryWeight * category;
    if ((passage.section_kinds & ask.kinds) != 0) base += kSectionKindWeight;
    if (!ask.focus_document.empty() && passages_.Get(p).document_id() == ask.focus_document) {
      base += kFocusWeight;
    }
    for (int l = 0; l < static_cast<int>(passage.lines.size()); ++l) {
      const Line& line = passage.lines[l];
      const uint64_t terms =
          scoring.TermsOf(words_.data() + line.words_begin, words_.data() + line.words_end);
      double score = base + kSentenceWeight * scoring.Coverage(terms) +
                     kTogetherWeight * scoring.Coverage(terms | section);
      if ((line.kinds & ask.kinds) != 0) score += kKindWeight;
      if (l == 0) score += kFirstWeight;
      if (line.leans_back) score -= kLeansBackPenalty;
      if (line.sentence.text.size() > kLongBytes) score -= kLongPenalty;
      if (limits.excluded != nullptr && limits.excluded->contains(line.sentence.text)) score = -1;
      const double support = scoring.Coverage(terms | section | title);
      const bool speaks_of_it = essential == 0 || ((terms | section | title) & essential) != 0;
      all.push_back({p, l, score, terms, section_match, support, category, (section | title) != 0,
                     std::popcount((terms | section | title) & concepts), speaks_of_it});
    }
  }
  // What the question is not about is no answer, however well it scores otherwise.
  for (Scored& scored : all) {
    const bool in_passing = !scored.headed && scored.concepts_matched == 0;
    const double needed =
        in_passing ? std::max(ask.support_min, kInPassingSupportMin) : ask.support_min;
    const double relief = 1 - kCategoryRelief * scored.category;
    scored.supported = scored.supported && scored.support >= needed * relief;
  }
  Selection out;
  const Scored* best = nullptr;
  for (const Scored& scored : all) {
    if (!scored.supported || scored.score <= 0) continue;
    if (best == nullptr || scored.score > best->score) best = &scored;
  }
  if (best == nullptr) return out;
  out.support = best->support;
  out.concepts_matched = best->concepts_matched;
  for (const Scored& scored : Choose(all, *best, ask, limits)) {
    out.picks.push_back(
        {scored.passage, prepared_[scored.passage].lines[scored.line].sentence, scored.score});
  }
  return out;
}

std::vector<Selector::Scored> Selector::Choose(const std::vector<Scored>& all, const Scored& best,
                                               const Ask& ask, const Limits& limits) const {
  std::vector<Scored> chosen;
  if (WholeProcedure(all, best, ask, chosen)) return chosen;
  KeepTogether(all, best, ask, limits.sentences_max, chosen);
  if (chosen.size() >= limits.sentences_max) return chosen;

  // One more from another place, when it is nearly as good and says something new.
  uint64_t said = 0;
  for (const Scored& scored : chosen) said |= scored.terms;
  const Scored* other = nullptr;
  for (const Scored& scored : all) {
    if (scored.passage == best.passage || scored.score < kElsewhereShare * best.score) continue;
    const bool repeats = std::any_of(chosen.begin(), chosen.end(), [&](const Scored& one) {
      return prepared_[one.passage].lines[one.line].sentence.text ==
             prepared_[scored.passage].lines[scored.line].sentence.text;
    });
    if (repeats || prepared_[scored.passage].lines[scored.line].leans_back) continue;
    if (scored.support < kElsewhereSupportMin || scored.support < best.support) continue;
    if (!scored.headed || scored.category < best.category) continue;
    if (scored.section_match < best.section_match) continue;
    uint64_t fresh = scored.terms & ~said;
    for (size_t i = 0; i < std::min(ask.terms.size(), kTermsMax); ++i) {
      if (ask.terms[i].hint) fresh &= ~(uint64_t{1} << i);
    }
    if (fresh == 0) continue;
    if (other == nullptr || scored.score > other->score) other = &scored;
  }
  if (other != nullptr) chosen.push_back(*other);
  return chosen;
}

// The best sentence, the one it leans on, and those after it in its paragraph that still answer.
void Selector::KeepTogether(const std::vector<Scored>& all, const Scored& best, const Ask& ask,
                            size_t room, std::vector<Scored>& chosen) const {
  const std::vector<Line>& lines = prepared_[best.passage].lines;
  const auto scored = [&](int line) -> const Scored& {
    return all[&best - all.data() + line - best.line];  // a passage's lines follow one another
  };
  int first = best.line;
  while (first > 0 && scored(first - 1).score > 0 &&
         static_cast<size_t>(best.line - first) + 1 < room) {
    const bool same_paragraph =
        lines[first - 1].sentence.paragraph == lines[first].sentence.paragraph;
    const bool from_beginning = best.section_match >= kSectionAnswers && same_paragraph;
    if (!lines[first].leans_back && !from_beginning) break;
    --first;
  }
  for (int i = first; i <= best.line; ++i) chosen.push_back(scored(i));
  const bool listed = lines[best.line].sentence.bullet;
  for (int i = best.line + 1; i < static_cast<int>(lines.size()) && chosen.size() < room; ++i) {
    const bool same_place = lines[i].sentence.paragraph == lines[best.line].sentence.paragraph ||
                            (listed && lines[i].sentence.bullet);
    const bool offers_kind = (lines[i].kinds & ask.kinds) != 0;
    const double share =
        lines[i].leans_back || offers_kind ? kNeighbourShare * 0.8 : kNeighbourShare;
    const bool belongs = listed ? scored(i).score >= kElsewhereShare * best.score
                                : scored(i).score >= share * best.score;
    if (!same_place || !belongs) break;
    chosen.push_back(scored(i));
  }
}

// "How do I …" answered by a numbered list: the sentence before it and all its steps.
bool Selector::WholeProcedure(const std::vector<Scored>& all, const Scored& best, const Ask& ask,
                              std::vector<Scored>& chosen) const {
  if ((ask.kinds & kMethod) == 0) return false;
  const std::vector<Line>& lines = prepared_[best.passage].lines;
  const int count = static_cast<int>(lines.size());
  int first = best.line;
  // From the best sentence to the list: it is in it, or at most one sentence before it.
  if (lines[first].sentence.number == 0) {
    ++first;
    if (first < count && lines[first].sentence.number == 0) ++first;
    if (first >= count || lines[first].sentence.number == 0) return false;
  }
  while (first > 0 && lines[first].sentence.number > 1 && lines[first - 1].sentence.number > 0) {
    --first;
  }
  int last = first;
  while (last + 1 < count && lines[last + 1].sentence.number > 0 &&
         lines[last + 1].sentence.number >= lines[last].sentence.number) {
    ++last;
  }
  if (last == first) return false;
  const auto scored = [&](int line) -> const Scored& {
    return all[&best - all.data() + line - best.line];
  };
  for (int i = first; i <= last; ++i) {
    if (scored(i).score < 0) return false;  // a procedure with a step left out misleads
  }
  const int intro = best.line < first ? best.line : first - 1;
  if (intro >= 0 && lines[intro].sentence.number == 0) chosen.push_back(scored(intro));
  for (int i = first; i <= last && i - first < static_cast<int>(kStepsMax); ++i) {
    chosen.push_back(scored(i));
  }
  return true;
}

}  // namespace switchboard::response_generator
