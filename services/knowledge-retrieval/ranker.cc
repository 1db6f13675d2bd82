#include "services/knowledge-retrieval/ranker.h"

#include <algorithm>
#include <cmath>

namespace switchboard::knowledge_retrieval {
namespace {

// BM25: how soon a word said often says no more, and how much a long field is held against a word.
constexpr double kK1 = 1.2;
constexpr double kB = 0.6;
// What a word found in title, section, keywords and running text is worth; found in several, it is
// worth the sum. A document's keywords are the customers' own words, but they say nothing of which
// passage answers.
constexpr float kFieldWeights[kFieldCount] = {1.0f, 1.0f, 0.4f, 0.6f};
// A title or heading whose own words are all asked about, and a passage that covers all of the
// question, add this much to a gain between 0 and about 1.
constexpr double kHeadingShare = 0.25;
constexpr double kCoverageShare = 0.6;
// One part of a message, with this much of the rest to tell what "it" is.
constexpr double kOtherPartImportance = 0.4;
// A part says less about what is meant than the whole message.
constexpr double kPartShare = 0.95;
// Passages in another language than the customer's stand behind their own.
constexpr float kOtherLanguageShare = 0.6f;
// Postings that one search reads, over all its terms, rarest first: about 5 ns each, so this bounds
// a search whatever the size of the index. Terms beyond still count for the candidates.
constexpr size_t kPostingsMax = 60000;
// A word that no document has weighs as if this share of the passages had it: enough to show that
// the documents are about something else, not so much that one odd name hides a good answer.
constexpr double kUnknownWordShare = 0.005;
// All such words together weigh at most so many times what the known ones do.
constexpr double kUnknownOfKnownMax = 1.6;
// Alternatives of at least this weight are what the customer may mean.
constexpr float kMeantMin = 0.8f;
// Alternatives weaker than this do not say that a heading is meant.
constexpr float kHeadingAlternativeMin = 0.7f;
// Rare words weigh more, but a product's name ("lamp") not many times what the topic ("return")
// does.
constexpr double kRarityPower = 0.4;
// In an index of a few passages every word is frequent; weights are those of an index of this size.
constexpr double kPassagesOfSmallIndex = 200;
// A word found in the running text only covers less of a question than one in a heading.
constexpr float kBodyCredit = 0.7f;
// A heading of one everyday word ("Delivery") proves little.
constexpr double kHeadingDoubt = 1.5;

}  // namespace

void Ranker::SetLanguage(PassageId passage, int language) {
  if (languages_.size() <= passage) languages_.resize(passage + 1, -1);
  languages_[passage] = static_cast<int8_t>(language);
}

std::vector<Candidate> Ranker::Rank(const Query& query) {
  Weigh(query);
  MakeViews(query);
  MakeNorms();
  Accumulate(query);
  std::vector<Candidate> candidates = MostPromising(query.language);
  Ask(query);
  for (Candidate& candidate : candidates) Judge(query, candidate);
  ForgetAsked();
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.passage < b.passage;
  });
  return candidates;
}

double Ranker::Idf(TermId term) const {
  const double total = std::max<double>(inverted_.passage_count(), kPassagesOfSmallIndex);
  const double passages =
      term == Vocabulary::kNone ? total * kUnknownWordShare : vocabulary_.passages(term);
  return std::log(1 + (total - passages + 0.5) / (passages + 0.5));
}

// A word weighs by how rare what it means is: "bought" as "order", which is everywhere. Words that
// no document has show that the documents are about something else, but a story full of them must
// not hide the one word that matters.
void Ranker::Weigh(const Query& query) {
  words_.clear();
  importances_.clear();
  double known = 0;
  double unknown = 0;
  for (const QueryTerm& term : query.terms) {
    double idf = Idf(Vocabulary::kNone);
    bool first = true;
    for (const Alternative& alternative : term.alternatives) {
      if (alternative.weight < kMeantMin && !first) continue;
      idf = first ? Idf(alternative.term) : std::min(idf, Idf(alternative.term));
      first = false;
    }
    importances_.push_back(term.importance);
    words_.push_back({.weight = std::pow(idf, kRarityPower) * term.importance});
    (term.alternatives.empty() ? unknown : known) += words_.back().weight;
  }
  const double scale = unknown > 0 ? std::min(1.0, kUnknownOfKnownMax * known / unknown) : 1;
  for (size_t i = 0; i < words_.size(); ++i) {
    if (!query.terms[i].alternatives.empty()) continue;
    words_[i].unknown = words_[i].weight;
    words_[i].weight *= scale;
  }
}

void Ranker::MakeViews(const Query& query) {
  views_.clear();
  const int parts = query.clauses < 2 ? 0 : static_cast<int>(query.clauses);
  for (int part = -1; part < parts; ++part) {
    View view;
    double known = 0;
    for (size_t i = 0; i < query.terms.size(); ++i) {
      const bool elsewhere = part >= 0 && query.terms[i].clause != part;
      view.factors.push_back(elsewhere ? static_cast<float>(kOtherPartImportance) : 1.0f);
      view.weight += view.factors[i] * words_[i].weight;
      view.unknown += view.factors[i] * words_[i].unknown;
      known += query.terms[i].alternatives.empty() ? 0 : view.factors[i] * words_[i].weight;
    }
    if (view.unknown > 0) view.unknown /= view.unknown + known;
    views_.push_back(std::move(view));
  }
}

// What a field's length adds below the line of BM25, for every length.
void Ranker::MakeNorms() {
  for (size_t field = 0; field < kFieldCount; ++field) {
    const double average = inverted_.AverageLength(static_cast<Field>(field));
    for (int length = 0; length < 256; ++length) {
      norms_[field][length] = static_cast<float>(kK1 * (1 - kB + kB * length / average));
    }
  }
}

float Ranker::Gain(const FieldCounts& counts, const FieldCounts& lengths) const {
  float gain = 0;
  for (size_t field = 0; field < kFieldCount; ++field) {
    if (counts[field] == 0) continue;
    const float count = counts[field];
    gain += kFieldWeights[field] * count / (count + norms_[field][lengths[field]]);
  }
  return gain;
}

float Ranker::LanguageFactor(PassageId passage, int language) const {
  const bool other = language >= 0 && languages_[passage] >= 0 && languages_[passage] != language;
  return other ? kOtherLanguageShare : 1.0f;
}

void Ranker::Accumulate(const Query& query) {
  accumulators_.resize(inverted_.slots());
  touched_.clear();
  if (++search_ == 0) {  // the numbers begin again: forget the old ones
    std::fill(accumulators_.begin(), accumulators_.end(), Accumulator{});
    search_ = 1;
  }
  std::vector<uint32_t> frequencies;
  for (const QueryTerm& word : query.terms) {
    for (const Alternative& alternative : word.alternatives) {
      frequencies.push_back(inverted_.PostingsOf(alternative.term).size());
    }
  }
  std::sort(frequencies.begin(), frequencies.end());
  size_t postings = 0;
  uint32_t frequency_max = 0;
  for (const uint32_t frequency : frequencies) {
    postings += frequency;
    if (postings > kPostingsMax && frequency_max > 0) break;
    frequency_max = frequency;
  }
  word_ = 0;
  for (size_t i = 0; i < query.terms.size(); ++i) {
    AccumulateWord(query.terms[i], words_[i].weight, frequency_max);
  }
}

void Ranker::AccumulateWord(const QueryTerm& word, double weight_of_word, uint32_t frequency_max) {
  ++word_;
  for (const Alternative& alternative : word.alternatives) {
    const std::span<const Posting> postings = inverted_.PostingsOf(alternative.term);
    if (postings.size() > frequency_max) continue;
    const float weight = alternative.weight * static_cast<float>(weight_of_word);
    for (const Posting& posting : postings) {
      Accumulator& sum = accumulators_[posting.passage];
      if (sum.search != search_) {
        sum = {.search = search_};
        touched_.push_back(posting.passage);
      }
      if (sum.word != word_) {
        sum.word = word_;
        sum.of_word = 0;
      }
      const float gain = weight * Gain(posting.counts, inverted_.LengthsOf(posting.passage));
      if (gain <= sum.of_word) continue;
      sum.score += gain - sum.of_word;
      sum.of_word = gain;
    }
  }
}

std::vector<Candidate> Ranker::MostPromising(int language) {
  for (const PassageId passage : touched_) {
    accumulators_[passage].score *= LanguageFactor(passage, language);
  }
  if (touched_.size() > kCandidatesMax) {
    const auto better = [&](PassageId a, PassageId b) {
      const float x = accumulators_[a].score, y = accumulators_[b].score;
      return x != y ? x > y : a < b;
    };
    std::nth_element(touched_.begin(), touched_.begin() + kCandidatesMax, touched_.end(), better);
    touched_.resize(kCandidatesMax);
  }
  std::vector<Candidate> candidates;
  for (const PassageId passage : touched_) candidates.push_back({.passage = passage});
  return candidates;
}

void Ranker::Ask(const Query& query) {
  asked_.clear();
  asked_terms_.clear();
  first_asked_.resize(vocabulary_.term_count(), -1);
  for (size_t i = 0; i < query.terms.size(); ++i) {
    for (const Alternative& alternative : query.terms[i].alternatives) {
      int32_t& first = first_asked_[alternative.term];
      if (first < 0) asked_terms_.push_back(alternative.term);
      asked_.push_back({static_cast<uint16_t>(i), alternative.weight, first});
      first = static_cast<int32_t>(asked_.size()) - 1;
    }
  }
}

void Ranker::ForgetAsked() {
  for (const TermId term : asked_terms_) first_asked_[term] = -1;
}

// What each word of the question finds in the passage: each counts once, by its best alternative.
void Ranker::Look(const Query& query, PassageId passage) {
  gains_.assign(query.terms.size(), 0);
  credits_.assign(query.terms.size(), 0);
  heading_.clear();
  const FieldCounts& lengths = inverted_.LengthsOf(passage);
  for (const TermCounts& term : inverted_.TermsOf(passage)) {
    const int32_t first = first_asked_[term.term];
    const bool title = term.counts[kTitle] > 0;
    const bool section = term.counts[kSection] > 0;
    if (title || section) heading_.push_back({title, section, Idf(term.term), first});
    if (first < 0) continue;
    const float gain = Gain(term.counts, lengths);
    const float credit = title || section || term.counts[kKeywords] > 0 ? 1 : kBodyCredit;
    for (int32_t i = first; i >= 0; i = asked_[i].next) {
      const Asked& asked = asked_[i];
      gains_[asked.word] = std::max(gains_[asked.word], asked.weight * gain);
      credits_[asked.word] = std::max(credits_[asked.word], asked.weight * credit);
    }
  }
}

// Share of a heading's words that the question asks about, weighed by rarity.
double Ranker::HeadingAsked(const View& view, Field field, bool both) const {
  double found = 0;
  double whole = kHeadingDoubt;
  for (const HeadingTerm& term : heading_) {
    if (!both && !(field == kTitle ? term.title : term.section)) continue;
    whole += term.idf;
    double importance = 0;
    for (int32_t i = term.asked; i >= 0; i = asked_[i].next) {
      if (asked_[i].weight < kHeadingAlternativeMin) continue;
      importance = std::max<double>(importance, asked_[i].weight * importances_[asked_[i].word] *
                                                    view.factors[asked_[i].word]);
    }
    found += term.idf * importance;
  }
  return found / whole;
}

void Ranker::Judge(const Query& query, Candidate& candidate) {
  Look(query, candidate.passage);
  for (size_t v = 0; v < views_.size(); ++v) {
    const View& view = views_[v];
    double gained = 0;
    double covered = 0;
    Evidence evidence{.unknown = view.unknown};
    for (size_t i = 0; i < query.terms.size(); ++i) {
      gained += view.factors[i] * words_[i].weight * gains_[i];
      covered += view.factors[i] * words_[i].weight * credits_[i];
      evidence.words += credits_[i] > 0 && view.factors[i] == 1;
    }
    if (view.weight <= 0) continue;
    evidence.words = std::min(evidence.words, Evidence::kWordsMax);
    evidence.coverage = covered / view.weight;
    // "When do I get my money back?" under "Cancel an order" is only half of what "refund" asks.
    evidence.heading =
        (std::max(HeadingAsked(view, kTitle, false), HeadingAsked(view, kSection, false)) +
         HeadingAsked(view, kTitle, true)) /
        2;
    const double score = (gained / view.weight + kHeadingShare * evidence.heading +
                          kCoverageShare * evidence.coverage) *
                         (v == 0 ? 1 : kPartShare);
    const double relevance = Relevance(evidence);
    candidate.score = std::max(candidate.score, score);
    if (relevance > candidate.relevance) {
      candidate.relevance = relevance;
      candidate.evidence = evidence;
    }
  }
  candidate.score *= LanguageFactor(candidate.passage, query.language);
}

}  // namespace switchboard::knowledge_retrieval
