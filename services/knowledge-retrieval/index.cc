#include "services/knowledge-retrieval/index.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "services/knowledge-retrieval/chunker.h"
#include "services/knowledge-retrieval/database.h"

namespace switchboard::knowledge_retrieval {
namespace {

// Passages that BM25 hands to the second ranking.
constexpr int kCandidatesMax = 64;
// FTS5 reads one posting list for each; a question with synonyms seldom has more than 30.
constexpr size_t kPhrasesMax = 40;
// Rows that one search may touch, over all its terms, rarest first: FTS5 needs about 0.5 µs for
// each, so this bounds a search whatever the size of the index. Terms beyond still count in the
// second ranking.
constexpr uint32_t kPostingsMax = 2000;
// A word that no document has weighs as if this share of the passages had it: enough to show that
// the documents are about something else, not so much that one odd name hides a good answer.
constexpr double kUnknownWordShare = 0.005;
// All such words together weigh at most so many times what the known ones do.
constexpr double kUnknownOfKnownMax = 1.6;
// Alternatives of at least this weight are what the customer may mean.
constexpr float kMeantMin = 0.8f;
// Rare words weigh more, but a product's name ("lamp") not many times what the topic ("return")
// does.
constexpr double kRarityPower = 0.4;
// In an index of a few passages every word is frequent; weights are those of an index of this size.
constexpr double kPassagesOfSmallIndex = 200;
// A word found in the running text only says less about what a passage answers than one in a
// heading.
constexpr double kBodyCredit = 0.7;
// For ranking, a field that has the term leaves this share of doubt; fields multiply. A heading of
// the passage itself says most, the document's keywords and the running text least.
constexpr double kTitleMiss = 0.45;
constexpr double kSectionMiss = 0.4;
constexpr double kKeywordMiss = 0.55;
constexpr double kBodyMiss = 0.6;
// BM25 of the best candidate adds this much to a score that is otherwise between 0 and 1: it knows
// how often and in how short a passage the terms stand.
constexpr double kBm25Share = 0.3;
// A title or heading whose own words are all asked about adds this much: "How do I cancel my
// order?" is answered by it however long the story around it is.
constexpr double kHeadingShare = 0.35;
// A heading that is wholly asked about lowers the coverage that makes a passage relevant by this
// share.
constexpr double kHeadingRelief = 0.6;
// When nothing is relevant, the best few are better than nothing if their heading is asked about
// and they cover at least this share of what relevance needs.
constexpr double kRescueHeading = 0.4;
constexpr double kRescueShare = 0.5;
constexpr size_t kRescuedMax = 3;
// A heading of one everyday word ("Delivery") proves little.
constexpr double kHeadingDoubt = 1.5;
// Alternatives weaker than this do not say that a heading is meant.
constexpr float kHeadingAlternativeMin = 0.7f;
// One part of a message, with this much of the rest to tell what "it" is.
constexpr double kOtherClauseImportance = 0.4;
// Passages that the best of a message in several parts has room for, for each part.
constexpr size_t kPassagesOfClause = 3;
// A part says less about what is meant than the whole message.
constexpr double kClauseScore = 0.95;
// Passages in another language than the customer's stand behind their own.
constexpr double kOtherLanguageFactor = 0.6;
// A passage that covers less than this share of what the best one covers is dropped.
constexpr double kCoverageOfBestMin = 0.5;

bool Contains(const std::vector<TermId>& sorted, TermId term) {
  return std::binary_search(sorted.begin(), sorted.end(), term);
}

void SortUnique(std::vector<TermId>& terms) {
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
}

// The terms of the question, or of a part of it, that a heading can be asked by, with their
// importance. `clause` -1: of the whole.
absl::flat_hash_map<TermId, float> AskedTerms(const Query& query, int clause) {
  absl::flat_hash_map<TermId, float> asked;
  for (const QueryTerm& term : query.terms) {
    for (const Alternative& alternative : term.alternatives) {
      if (alternative.weight < kHeadingAlternativeMin) continue;
      float& importance = asked[alternative.term];
      const bool elsewhere = clause >= 0 && term.clause != clause;
      importance =
          std::max(importance,
                   term.importance * (elsewhere ? static_cast<float>(kOtherClauseImportance) : 1));
    }
  }
  return asked;
}

}  // namespace

Index::Index(IndexOptions options, const Analyzer& analyzer)
    : options_(std::move(options)), analyzer_(analyzer) {}

Index::~Index() = default;

absl::StatusOr<std::unique_ptr<Index>> Index::Open(IndexOptions options, const Analyzer& analyzer) {
  std::unique_ptr<Index> index(new Index(std::move(options), analyzer));
  ASSIGN_OR_RETURN(index->database_, Database::Open(index->options_.path));
  return index;
}

// ---- writing
// -------------------------------------------------------------------------------------

absl::Status Index::Put(const v1::KnowledgeEntry::Document& source) {
  if (source.id().empty()) return InvalidField("id", "is empty", "give the document an id");
  if (source.content().size() > kDocumentBytesMax) {
    return InvalidField("content", "is larger than 256 KiB", "split the document");
  }
  auto document = std::make_unique<Document>();
  document->id = source.id();
  document->title = source.title().empty() ? source.id() : source.title();
  document->category = source.category();
  document->language = source.language();
  document->language_number = LanguageNumber(source.language());
  if (source.language().empty()) {
    document->language_number =
        analyzer_.DetectLanguage(source.content(), SplitWords(source.content()));
    if (document->language_number >= 0) {
      document->language = kLanguages[document->language_number];
    }
  }
  RETURN_IF_ERROR(database_->Begin());
  absl::Status status = InsertPassages(source, *document);
  if (status.ok()) status = database_->Commit();
  if (!status.ok()) {
    database_->Rollback();
    Forget(*document);
    return status;
  }
  Remove(source.id());
  if (document->language_number >= 0) ++documents_of_language_[document->language_number];
  documents_[source.id()] = std::move(document);
  return absl::OkStatus();
}

absl::Status Index::InsertPassages(const v1::KnowledgeEntry::Document& source, Document& document) {
  std::vector<Chunk> chunks = SplitMarkdown(source.content(), kPassagesPerDocumentMax);
  // The one that is replaced makes room.
  const auto old = documents_.find(source.id());
  const size_t replaced = old == documents_.end() ? 0 : old->second->rows.size();
  if (passages_.size() - replaced + chunks.size() > options_.passages_max) {
    return absl::ResourceExhaustedError(
        StrCat("the index is full: ", options_.passages_max, " passages (MAX_PASSAGES)"));
  }
  Fields fields;
  fields.title = Analyze(document.title, document, document.title_terms);
  fields.keywords = Analyze(StrJoin(source.keywords(), ", "), document, document.keyword_terms);
  SortUnique(document.title_terms);
  SortUnique(document.keyword_terms);
  for (const Chunk& chunk : chunks) {
    PassageInfo passage;
    passage.document = &document;
    passage.section = chunk.section;
    fields.section = Analyze(StrCat(chunk.parents, chunk.section), document, passage.section_terms);
    fields.body = Analyze(chunk.text, document, passage.body_terms);
    SortUnique(passage.section_terms);
    passage.heading_terms = passage.section_terms;
    passage.heading_terms.insert(passage.heading_terms.end(), document.title_terms.begin(),
                                 document.title_terms.end());
    SortUnique(passage.heading_terms);
    SortUnique(passage.body_terms);
    const int64_t row = ++last_row_;
    RETURN_IF_ERROR(database_->Insert(row, fields, chunk.text));
    document.rows.push_back(row);
    Count(passage, 1);
    passages_.emplace(row, std::move(passage));
  }
  return absl::OkStatus();
}

std::string Index::Analyze(std::string_view text, Document& document, std::vector<TermId>& terms) {
  std::string analysed;
  for (const Word& word : SplitWords(text)) {
    if (analyzer_.IsStopWord(word.folded, document.language_number)) continue;
    const std::string stem = analyzer_.Stem(word, document.language_number);
    const TermId term = vocabulary_.Intern(stem);
    terms.push_back(term);
    document.words.push_back(vocabulary_.AddWord(word.folded, term, document.language_number));
    StrAppend(&analysed, analysed.empty() ? "" : " ", stem);
  }
  return analysed;
}

// Each term of a passage counts once, wherever it stands.
void Index::Count(const PassageInfo& passage, int difference) {
  std::vector<TermId> terms;
  for (const std::vector<TermId>* field :
       {&passage.document->title_terms, &passage.document->keyword_terms, &passage.section_terms,
        &passage.body_terms}) {
    terms.insert(terms.end(), field->begin(), field->end());
  }
  SortUnique(terms);
  for (const TermId term : terms) vocabulary_.AddPassages(term, difference);
}

void Index::Forget(const Document& document) {
  for (const int64_t row : document.rows) {
    const auto passage = passages_.find(row);
    if (passage == passages_.end()) continue;
    Count(passage->second, -1);
    passages_.erase(passage);
  }
  for (const uint32_t word : document.words) vocabulary_.RemoveWord(word);
}

bool Index::Remove(const std::string& id) {
  const auto found = documents_.find(id);
  if (found == documents_.end()) return false;
  // A row that SQLite fails to delete is no longer in passages_, so it can never be shown.
  if (database_->Begin().ok()) {
    for (const int64_t row : found->second->rows) database_->Remove(row).IgnoreError();
    database_->Commit().IgnoreError();
  }
  const int language = found->second->language_number;
  if (language >= 0) --documents_of_language_[language];
  Forget(*found->second);
  documents_.erase(found);
  return true;
}

std::string Index::TitleOf(const std::string& document_id) const {
  const auto found = documents_.find(document_id);
  return found == documents_.end() ? "" : found->second->title;
}

int Index::MainLanguage() const {
  const size_t* first = documents_of_language_;
  const size_t* most = std::max_element(first, first + kLanguageCount);
  return *most == 0 ? -1 : static_cast<int>(most - first);
}

// ---- searching
// -----------------------------------------------------------------------------------

absl::StatusOr<std::vector<Hit>> Index::Search(QueryText text, size_t top_k) {
  text.default_language = MainLanguage();
  const Query query = BuildQuery(analyzer_, vocabulary_, text);
  const std::vector<WeighedTerm> terms = Weigh(query);
  const std::string match = MatchExpression(terms);
  std::vector<Hit> hits;
  if (match.empty() || top_k == 0) return hits;
  ASSIGN_OR_RETURN(std::vector<Candidate> candidates, Candidates(match));
  for (const Candidate& candidate : Rank(std::move(candidates), query, terms, top_k)) {
    ASSIGN_OR_RETURN(Hit hit, Fetch(candidate));
    hits.push_back(std::move(hit));
  }
  return hits;
}

double Index::Idf(TermId term) const {
  const double total = std::max<double>(passages_.size(), kPassagesOfSmallIndex);
  const double passages =
      term == Vocabulary::kNone ? total * kUnknownWordShare : vocabulary_.passages(term);
  return std::log(1 + (total - passages + 0.5) / (passages + 0.5));
}

// A word weighs by how rare what it means is: "bought" as "order", which is everywhere. Words that
// no document has show that the documents are about something else, but a story full of them must
// not hide the one word that matters.
std::vector<Index::WeighedTerm> Index::Weigh(const Query& query) const {
  std::vector<WeighedTerm> terms;
  double known = 0;
  double unknown = 0;
  for (const QueryTerm& term : query.terms) {
    double idf = Idf(Vocabulary::kNone);
    for (const Alternative& alternative : term.alternatives) {
      if (alternative.weight >= kMeantMin) idf = std::min(idf, Idf(alternative.term));
    }
    terms.push_back({&term, std::pow(idf, kRarityPower) * term.importance});
    (term.alternatives.empty() ? unknown : known) += terms.back().weight;
  }
  const double scale = unknown > 0 ? std::min(1.0, kUnknownOfKnownMax * known / unknown) : 1;
  for (WeighedTerm& term : terms) {
    if (term.term->alternatives.empty()) term.weight *= scale;
  }
  return terms;
}

std::string Index::MatchExpression(const std::vector<WeighedTerm>& terms) const {
  std::vector<std::pair<uint32_t, TermId>> phrases;
  for (const WeighedTerm& term : terms) {
    for (const Alternative& alternative : term.term->alternatives) {
      phrases.emplace_back(vocabulary_.passages(alternative.term), alternative.term);
    }
  }
  std::sort(phrases.begin(), phrases.end());  // rarest first
  phrases.erase(std::unique(phrases.begin(), phrases.end()), phrases.end());
  std::string match;
  uint32_t postings = 0;
  for (size_t i = 0; i < phrases.size() && i < kPhrasesMax; ++i) {
    postings += phrases[i].first;
    if (i > 0 && postings > kPostingsMax) break;
    StrAppend(&match, i == 0 ? "\"" : " OR \"", vocabulary_.text(phrases[i].second), "\"");
  }
  return match;
}

absl::StatusOr<std::vector<Index::Candidate>> Index::Candidates(const std::string& match) {
  std::vector<Candidate> candidates;
  RETURN_IF_ERROR(database_->Match(match, kCandidatesMax, [&](int64_t row, double score) {
    if (passages_.contains(row)) candidates.push_back({.row = row, .bm25 = score});
  }));
  return candidates;
}

// How much of the question the passage covers (to decide whether it is relevant at all) and how
// well (to rank it): each term counts once, by its best alternative.
void Index::Judge(const PassageInfo& passage, const std::vector<WeighedTerm>& terms,
                  Candidate& candidate) const {
  double covered = 0;
  double matched = 0;
  double whole = 0;
  for (const WeighedTerm& term : terms) {
    double best_covered = 0;
    double best_matched = 0;
    for (const Alternative& alternative : term.term->alternatives) {
      const bool title = Contains(passage.document->title_terms, alternative.term);
      const bool keywords = Contains(passage.document->keyword_terms, alternative.term);
      const bool section = Contains(passage.section_terms, alternative.term);
      const bool body = Contains(passage.body_terms, alternative.term);
      const double missed = (title ? kTitleMiss : 1) * (keywords ? kKeywordMiss : 1) *
                            (section ? kSectionMiss : 1) * (body ? kBodyMiss : 1);
      const double credit = title || keywords || section ? 1.0 : body ? kBodyCredit : 0.0;
      best_covered = std::max(best_covered, alternative.weight * credit);
      best_matched = std::max(best_matched, alternative.weight * (1 - missed));
    }
    covered += term.weight * best_covered;
    matched += term.weight * best_matched;
    whole += term.weight;
  }
  if (whole <= 0) return;
  candidate.coverage = covered / whole;
  candidate.score = matched / whole + kHeadingShare * candidate.heading;
  const double needed = options_.relevance_min * (1 - kHeadingRelief * candidate.heading);
  candidate.relevant = candidate.coverage >= needed;
}

// Share of a heading's words that the question asks about, weighed by rarity.
double Index::HeadingAsked(const std::vector<TermId>& heading,
                           const absl::flat_hash_map<TermId, float>& asked) const {
  double found = 0;
  double whole = kHeadingDoubt;
  for (const TermId word : heading) {
    const double weight = Idf(word);
    whole += weight;
    const auto term = asked.find(word);
    if (term != asked.end()) found += weight * term->second;
  }
  return found / whole;
}

void Index::JudgeHeadings(const Query& query, int clause,
                          std::vector<Candidate>& candidates) const {
  const absl::flat_hash_map<TermId, float> asked = AskedTerms(query, clause);
  for (Candidate& candidate : candidates) {
    const PassageInfo& passage = passages_.at(candidate.row);
    // "When do I get my money back?" under "Cancel an order" is only half of what "refund" asks.
    const double best = std::max(HeadingAsked(passage.section_terms, asked),
                                 HeadingAsked(passage.document->title_terms, asked));
    candidate.heading = (best + HeadingAsked(passage.heading_terms, asked)) / 2;
  }
}

// Judges every candidate for these terms, best first.
void Index::JudgeAll(const std::vector<WeighedTerm>& terms, const Query& query,
                     std::vector<Candidate>& candidates) const {
  double best_bm25 = 0;
  double best_coverage = 0;
  for (const Candidate& candidate : candidates) best_bm25 = std::max(best_bm25, candidate.bm25);
  for (Candidate& candidate : candidates) {
    const PassageInfo& passage = passages_.at(candidate.row);
    Judge(passage, terms, candidate);
    best_coverage = std::max(best_coverage, candidate.coverage);
    if (best_bm25 > 0) candidate.score += kBm25Share * candidate.bm25 / best_bm25;
    const bool other = query.language >= 0 && passage.document->language_number != query.language;
    if (other) candidate.score *= kOtherLanguageFactor;
  }
  for (Candidate& candidate : candidates) {
    if (candidate.coverage < kCoverageOfBestMin * best_coverage) candidate.relevant = false;
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
}

// The relevant ones, at most kPassagesOfOneDocument of a document.
std::vector<Index::Candidate> Index::Take(const std::vector<Candidate>& candidates,
                                          size_t top_k) const {
  std::vector<Candidate> taken;
  absl::flat_hash_map<const Document*, size_t> of_document;
  for (const Candidate& candidate : candidates) {
    if (taken.size() == top_k) break;
    if (!candidate.relevant) continue;
    size_t& count = of_document[passages_.at(candidate.row).document];
    if (count == kPassagesOfOneDocument) continue;
    ++count;
    taken.push_back(candidate);
  }
  return taken;
}

// Puts the best passage for one part of the message among those for the whole.
void Index::KeepBest(const Candidate& best, std::vector<Candidate>& ranked) const {
  const auto same = std::find_if(ranked.begin(), ranked.end(),
                                 [&](const Candidate& one) { return one.row == best.row; });
  if (same != ranked.end()) {
    same->score = std::max(same->score, best.score);
  } else {
    ranked.push_back(best);
  }
}

// A long story with one or two words that matter: what has the best headings.
std::vector<Index::Candidate> Index::Rescue(std::vector<Candidate> candidates, size_t top_k) const {
  for (Candidate& candidate : candidates) {
    candidate.relevant = candidate.heading >= kRescueHeading &&
                         candidate.coverage >= kRescueShare * options_.relevance_min;
  }
  return Take(candidates, std::min(top_k, kRescuedMax));
}

// The passages for the whole message; of a message in several parts also the best for each part, so
// that "Cancel it, and when do I get my money?" is answered in both.
std::vector<Index::Candidate> Index::Rank(std::vector<Candidate> candidates, const Query& query,
                                          const std::vector<WeighedTerm>& terms,
                                          size_t top_k) const {
  JudgeHeadings(query, -1, candidates);
  JudgeAll(terms, query, candidates);
  std::vector<Candidate> ranked = Take(candidates, top_k);
  if (query.clauses < 2) {
    return ranked.empty() ? Rescue(std::move(candidates), top_k) : std::move(ranked);
  }
  std::vector<Candidate> best;
  std::vector<Candidate> found[kClausesMax];
  for (uint8_t clause = 0; clause < query.clauses; ++clause) {
    std::vector<WeighedTerm> part = terms;
    for (WeighedTerm& term : part) {
      if (term.term->clause != clause) term.weight *= kOtherClauseImportance;
    }
    JudgeHeadings(query, clause, candidates);
    JudgeAll(part, query, candidates);
    for (Candidate& candidate : Take(candidates, kPassagesOfClause)) {
      candidate.score *= kClauseScore;
      found[clause].push_back(candidate);
    }
  }
  for (const std::vector<Candidate>& part : found) {
    if (!part.empty()) KeepBest(part.front(), best);
  }
  const size_t firsts = best.size();
  for (const std::vector<Candidate>& part : found) {
    for (const Candidate& candidate : part) KeepBest(candidate, best);
  }
  for (const Candidate& candidate : ranked) KeepBest(candidate, best);
  if (best.empty()) return Rescue(std::move(candidates), top_k);
  // The best for each part stays, whatever its score.
  const auto rest = best.begin() + static_cast<long>(std::min(firsts, best.size()));
  const auto better = [](const Candidate& a, const Candidate& b) { return a.score > b.score; };
  std::stable_sort(rest, best.end(), better);
  if (best.size() > top_k) best.resize(top_k);
  std::stable_sort(best.begin(), best.end(), better);
  return best;
}

absl::StatusOr<Hit> Index::Fetch(const Candidate& candidate) {
  const PassageInfo& info = passages_.at(candidate.row);
  Hit hit;
  hit.coverage = candidate.coverage;
  hit.passage.set_document_id(info.document->id);
  hit.passage.set_title(info.document->title);
  hit.passage.set_section(info.section);
  hit.passage.set_category(info.document->category);
  hit.passage.set_language(info.document->language);
  hit.passage.set_score(candidate.score);
  ASSIGN_OR_RETURN(*hit.passage.mutable_text(), database_->Text(candidate.row));
  return hit;
}

}  // namespace switchboard::knowledge_retrieval
