#include "services/knowledge-retrieval/index.h"

#include <algorithm>
#include <utility>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "services/knowledge-retrieval/index_file.h"

namespace switchboard::knowledge_retrieval {
namespace {

// Raised with every change of what a document becomes: words, stems, passages, the file's bytes.
constexpr std::string_view kAnalysis = "analysis 2";
// A passage with less than this share of the best one's score is not worth reading.
constexpr double kScoreOfBestMin = 0.3;
// Nearest passages by vector that are ranked with those by words.
constexpr size_t kNeighboursMax = 50;
// Reciprocal rank fusion's constant; 60 is what its authors chose (Cormack et al., SIGIR 2009).
constexpr double kFusionRank = 60;
// Passages with so much of their words in common say the same.
constexpr double kSameTextMin = 0.9;

// Adds one to the counts of `field` for each of the words.
void CountWords(const AnalysedDocument::Words& words, const std::vector<TermId>& terms, Field field,
                std::vector<TermCounts>& counts) {
  for (const uint32_t word : words) {
    counts.push_back({.term = terms[word]});
    counts.back().counts[field] = 1;
  }
}

// Sorts by term and makes one of those of the same term.
void Merge(std::vector<TermCounts>& counts) {
  std::sort(counts.begin(), counts.end(),
            [](const TermCounts& a, const TermCounts& b) { return a.term < b.term; });
  size_t last = 0;
  for (size_t i = 1; i < counts.size(); ++i) {
    if (counts[i].term != counts[last].term) {
      counts[++last] = counts[i];
      continue;
    }
    for (size_t field = 0; field < kFieldCount; ++field) {
      const int sum = counts[last].counts[field] + counts[i].counts[field];
      counts[last].counts[field] = static_cast<uint8_t>(std::min(sum, 255));
    }
  }
  if (!counts.empty()) counts.resize(last + 1);
}

}  // namespace

Index::Index(IndexOptions options, const Analyzer& analyzer)
    : options_(std::move(options)), analyzer_(analyzer), ranker_(inverted_, vocabulary_) {}

Index::~Index() = default;

absl::StatusOr<std::unique_ptr<Index>> Index::Open(IndexOptions options, const Analyzer& analyzer) {
  std::unique_ptr<Index> index(new Index(std::move(options), analyzer));
  if (index->options_.path.empty()) return index;
  ASSIGN_OR_RETURN(index->file_, IndexFile::Open(index->options_.path,
                                                 StrCat(kAnalysis, " ", analyzer.fingerprint())));
  index->file_->Load([&](AnalysedDocument document, std::string hash) {
    // What no longer fits (MAX_PASSAGES was lowered) comes from the bucket again, in its order.
    index->Insert(std::move(document), std::move(hash), /*confirmed=*/false).IgnoreError();
  });
  return index;
}

// ---- writing

absl::Status Index::Put(const v1::KnowledgeEntry::Document& source) {
  if (source.id().empty()) return InvalidField("id", "is empty", "give the document an id");
  if (source.content().size() > kDocumentBytesMax) {
    return InvalidField("content", "is larger than 256 KiB", "split the document");
  }
  std::string hash = Sha256Hex(source.SerializeAsString());
  const auto old = documents_.find(source.id());
  if (old != documents_.end() && old->second->hash == hash) {
    old->second->confirmed = true;
    return absl::OkStatus();
  }
  AnalysedDocument document = Analyse(analyzer_, source);
  // What only the file has may be gone from the bucket, and what is not gone comes again.
  if (!HasRoomFor(document)) DropUnconfirmed();
  if (!HasRoomFor(document)) {
    return absl::ResourceExhaustedError(
        StrCat("the index is full: ", options_.passages_max, " passages (MAX_PASSAGES)"));
  }
  Keep([&](IndexFile& file) { return file.Put(document, hash); });
  return Insert(std::move(document), std::move(hash), /*confirmed=*/true);
}

// The one that is replaced makes room.
bool Index::HasRoomFor(const AnalysedDocument& source) const {
  const auto old = documents_.find(source.id);
  const size_t replaced = old == documents_.end() ? 0 : old->second->passages.size();
  return passage_count() - replaced + source.passages.size() + source.questions.size() <=
         options_.passages_max;
}

// A file that cannot be written is given up: without it the next start takes longer.
void Index::Keep(const std::function<absl::Status(IndexFile&)>& write) {
  if (file_ == nullptr) return;
  const absl::Status status = write(*file_);
  if (status.ok()) return;
  notices_.push_back(StrCat("the index file is no longer kept: ", status.message()));
  file_.reset();
}

std::vector<std::string> Index::TakeNotices() {
  std::vector<std::string> notices = std::exchange(notices_, {});
  if (file_ == nullptr) return notices;
  for (std::string& notice : file_->TakeNotices()) notices.push_back(std::move(notice));
  return notices;
}

absl::Status Index::Insert(AnalysedDocument source, std::string hash, bool confirmed) {
  if (!HasRoomFor(source)) return absl::ResourceExhaustedError("the index is full");
  const auto old = documents_.find(source.id);
  if (old != documents_.end()) Forget(*old->second);
  auto document = std::make_unique<Document>();
  std::vector<TermId> terms;
  for (const AnalysedDocument::Word& word : source.words) {
    terms.push_back(vocabulary_.Intern(word.stem));
    document->words.push_back(vocabulary_.AddWord(word.folded, terms.back(), word.language_number));
  }
  std::vector<TermCounts> shared;
  CountWords(source.title_words, terms, kTitle, shared);
  CountWords(source.keyword_words, terms, kKeywords, shared);
  document->language_number = source.language_number;
  for (AnalysedDocument::Passage& passage : source.passages) {
    InsertPassage(passage, terms, shared, *document);
  }
  const std::vector<PassageId> answers = document->passages;
  for (const AnalysedDocument::Question& question : source.questions) {
    InsertQuestion(question, terms, answers[question.answer], *document);
  }
  document->id = source.id;
  document->hash = std::move(hash);
  document->confirmed = confirmed;
  document->title = std::move(source.title);
  document->category = std::move(source.category);
  document->language = std::move(source.language);
  if (document->language_number >= 0) ++documents_of_language_[document->language_number];
  documents_[source.id] = std::move(document);
  return absl::OkStatus();
}

void Index::InsertPassage(AnalysedDocument::Passage& source, const std::vector<TermId>& terms,
                          std::vector<TermCounts> shared, Document& document) {
  CountWords(source.section_words, terms, kSection, shared);
  CountWords(source.body_words, terms, kBody, shared);
  const PassageId passage =
      AddEntry(std::move(shared), document.language_number,
               {&document, std::move(source.section), std::move(source.text)}, document);
  if (options_.vectors_max > 0) unembedded_.push_back(passage);
}

// Stands in the index as a passage that is all heading; Take gives the passage that answers it.
void Index::InsertQuestion(const AnalysedDocument::Question& question,
                           const std::vector<TermId>& terms, PassageId answer, Document& document) {
  std::vector<TermCounts> counts;
  CountWords(question.words, terms, kSection, counts);
  AddEntry(std::move(counts), question.language_number, {.document = &document, .answer = answer},
           document);
}

PassageId Index::AddEntry(std::vector<TermCounts> counts, int language, PassageInfo info,
                          Document& document) {
  Merge(counts);
  for (const TermCounts& term : counts) vocabulary_.AddPassages(term.term, 1);
  const PassageId entry = inverted_.Add(std::move(counts));
  ranker_.SetLanguage(entry, language);
  if (passages_.size() <= entry) passages_.resize(entry + 1);
  passages_[entry] = std::move(info);
  document.passages.push_back(entry);
  return entry;
}

bool Index::Remove(const std::string& id) {
  const auto found = documents_.find(id);
  if (found == documents_.end()) return false;
  Keep([&](IndexFile& file) { return file.Remove(id); });
  Forget(*found->second);
  documents_.erase(found);
  return true;
}

void Index::OnCaughtUp() {
  DropUnconfirmed();
  inverted_.Shrink();
  if (options_.vectors_max == 0 || file_ == nullptr) return;
  absl::flat_hash_set<std::string> keys;
  for (PassageId passage = 0; passage < passages_.size(); ++passage) {
    const std::string text = TextToEmbed(passage);
    if (!text.empty()) keys.insert(VectorKey(text));
  }
  Keep([&](IndexFile& file) { return file.DropVectorsBut(keys); });
}

void Index::DropUnconfirmed() {
  std::vector<std::string> gone;
  for (const auto& [id, document] : documents_) {
    if (!document->confirmed) gone.push_back(id);
  }
  for (const std::string& id : gone) Remove(id);
}

void Index::Forget(const Document& document) {
  // From the end: a number that stands last in its lists leaves them without moving others.
  for (auto passage = document.passages.rbegin(); passage != document.passages.rend(); ++passage) {
    for (const TermCounts& term : inverted_.TermsOf(*passage)) {
      vocabulary_.AddPassages(term.term, -1);
    }
    inverted_.Remove(*passage);
    if (vectors_ != nullptr) vectors_->Remove(*passage);
    passages_[*passage] = {};
  }
  for (const uint32_t word : document.words) vocabulary_.RemoveWord(word);
  if (document.language_number >= 0) --documents_of_language_[document.language_number];
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

absl::StatusOr<std::vector<v1::Passage>> Index::Search(QueryText text, size_t top_k,
                                                       std::span<const float> vector) {
  text.default_language = MainLanguage();
  const Query query = BuildQuery(analyzer_, vocabulary_, text);
  std::vector<v1::Passage> passages;
  if (top_k == 0) return passages;
  std::vector<Candidate> candidates = ranker_.Rank(query);
  bool relevant = !candidates.empty() && candidates.front().relevance >= options_.relevance_min;
  if (!vector.empty() && vectors_ != nullptr) {
    const std::vector<Neighbour> nearest = vectors_->Nearest(vector, kNeighboursMax);
    relevant =
        relevant || (!nearest.empty() && nearest.front().similarity >= options_.similarity_min);
    candidates = Fuse(std::move(candidates), nearest);
  }
  if (!relevant) return passages;
  for (const Taken& taken : Take(candidates, top_k)) passages.push_back(Fetch(taken));
  return passages;
}

// Reciprocal rank fusion: scores of words and of vectors cannot be compared, places can. 1 for what
// is first in both.
std::vector<Candidate> Index::Fuse(std::vector<Candidate> by_words,
                                   const std::vector<Neighbour>& by_vector) const {
  const auto share = [](size_t place) {
    return (kFusionRank + 1) / (2 * (kFusionRank + 1 + static_cast<double>(place)));
  };
  absl::flat_hash_map<PassageId, size_t> place_of;
  for (size_t i = 0; i < by_words.size(); ++i) {
    place_of[by_words[i].passage] = i;
    by_words[i].score = share(i);
  }
  for (size_t i = 0; i < by_vector.size(); ++i) {
    const auto [entry, is_new] = place_of.try_emplace(by_vector[i].passage, by_words.size());
    if (is_new) by_words.push_back({.passage = by_vector[i].passage});
    by_words[entry->second].score += share(i);
  }
  std::stable_sort(by_words.begin(), by_words.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  return by_words;
}

// ---- vectors

std::string Index::TextToEmbed(PassageId passage) const {
  const PassageInfo& info = passages_[passage];
  if (info.document == nullptr) return "";
  return StrCat(info.document->title, "\n", info.section, "\n", info.text);
}

std::string Index::VectorKey(std::string_view text) const {
  return Sha256Hex(StrCat(options_.vectors_model, "\n", text));
}

std::vector<Index::Unembedded> Index::TakeUnembedded(size_t count) {
  std::vector<Unembedded> taken;
  if (vector_count() >= options_.vectors_max) return taken;
  // As many looks into the file, so that a start with everything in it does not hold the loop.
  for (size_t looks = 0; looks < count && !unembedded_.empty(); ++looks) {
    Unembedded passage{.passage = unembedded_.front(), .text = TextToEmbed(unembedded_.front())};
    unembedded_.pop_front();
    if (passage.text.empty()) continue;  // removed meanwhile
    passage.key = VectorKey(passage.text);
    std::vector<float> known;
    if (file_ != nullptr) known = file_->Vector(passage.key);
    if (known.empty() || !SetVector(passage, known).ok()) taken.push_back(std::move(passage));
  }
  return taken;
}

void Index::PutBack(std::vector<Unembedded> passages) {
  for (auto one = passages.rbegin(); one != passages.rend(); ++one) {
    unembedded_.push_front(one->passage);
  }
}

absl::Status Index::SetVector(const Unembedded& passage, const std::vector<float>& vector) {
  if (TextToEmbed(passage.passage) != passage.text) return absl::OkStatus();
  if (vectors_ == nullptr) {
    vectors_ = std::make_unique<VectorIndex>(vector.size(), options_.vectors_max);
  }
  RETURN_IF_ERROR(vectors_->Set(passage.passage, vector));
  if (file_ != nullptr && file_->Vector(passage.key).empty()) {
    Keep([&](IndexFile& file) { return file.PutVector(passage.key, vector); });
  }
  return absl::OkStatus();
}

// ---- choosing

// At most kPassagesOfOneDocument of a document, and of several that say the same the best.
std::vector<Index::Taken> Index::Take(const std::vector<Candidate>& candidates,
                                      size_t top_k) const {
  std::vector<Taken> taken;
  if (candidates.empty()) return taken;
  absl::flat_hash_map<const Document*, size_t> of_document;
  const double score_min = kScoreOfBestMin * candidates.front().score;
  for (Candidate candidate : candidates) {
    if (candidate.score < score_min) break;
    // A question stands for its answer, which may be taken already.
    if (const PassageId answer = passages_[candidate.passage].answer; answer != kNoAnswer) {
      candidate.passage = answer;
    }
    const bool is_taken = std::any_of(taken.begin(), taken.end(), [&](const Taken& better) {
      return better.candidate.passage == candidate.passage;
    });
    if (is_taken) continue;
    const PassageInfo& passage = passages_[candidate.passage];
    size_t& count = of_document[passage.document];
    if (count == kPassagesOfOneDocument) continue;
    const auto same = std::find_if(taken.begin(), taken.end(), [&](const Taken& better) {
      return SameText(better.candidate.passage, candidate.passage);
    });
    if (same != taken.end()) {
      const std::string& id = passage.document->id;
      std::vector<std::string>& also_in = same->also_in;
      const bool is_known = std::find(also_in.begin(), also_in.end(), id) != also_in.end();
      if (!is_known) also_in.push_back(id);
      continue;
    }
    // Goes on when it is full, for those that say the same.
    if (taken.size() == top_k) continue;
    ++count;
    taken.push_back({candidate, {}});
  }
  return taken;
}

// The running texts of two documents have nearly all their words in common.
bool Index::SameText(PassageId a, PassageId b) const {
  if (passages_[a].document == passages_[b].document) return false;
  const double length_a = inverted_.LengthsOf(a)[kBody];
  const double length_b = inverted_.LengthsOf(b)[kBody];
  const double shorter = std::min(length_a, length_b);
  if (shorter == 0 || shorter < kSameTextMin * std::max(length_a, length_b)) return false;
  const std::span<const TermCounts> terms_a = inverted_.TermsOf(a);
  const std::span<const TermCounts> terms_b = inverted_.TermsOf(b);
  int common = 0;
  for (size_t i = 0, j = 0; i < terms_a.size() && j < terms_b.size();) {
    const TermId term_a = terms_a[i].term;
    const TermId term_b = terms_b[j].term;
    if (term_a == term_b) common += std::min(terms_a[i].counts[kBody], terms_b[j].counts[kBody]);
    i += term_a <= term_b;
    j += term_b <= term_a;
  }
  return common >= kSameTextMin * std::max(length_a, length_b);
}

v1::Passage Index::Fetch(const Taken& taken) const {
  const PassageInfo& info = passages_[taken.candidate.passage];
  v1::Passage passage;
  passage.set_document_id(info.document->id);
  passage.set_title(info.document->title);
  passage.set_section(info.section);
  passage.set_category(info.document->category);
  passage.set_language(info.document->language);
  passage.set_score(taken.candidate.score);
  passage.set_relevance(taken.candidate.relevance);
  for (const std::string& id : taken.also_in) passage.add_also_in(id);
  passage.set_text(info.text);
  return passage;
}

}  // namespace switchboard::knowledge_retrieval
