// The search index: passages of documents in an SQLite FTS5 table, ranked by BM25 with weighted
// fields, then by how much of the question a passage covers.
//
//   ASSIGN_OR_RETURN(auto index, Index::Open({}, *analyzer));
//   RETURN_IF_ERROR(index->Put(document));
//   for (const Hit& hit : *index->Search({.text = "can I send it back?"}, 5)) …
//
// FTS5 holds terms that our analyzer made, so SQLite's tokenizer only splits at spaces. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/knowledge-retrieval/analyzer.h"
#include "services/knowledge-retrieval/query.h"
#include "services/knowledge-retrieval/vocabulary.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::knowledge_retrieval {

class Database;

struct IndexOptions {
  // A file (recreated at start) saves memory; empty: in memory.
  std::string path;
  size_t passages_max = 200000;
  // Smallest share of a question's weight that a passage must cover, 0 to 1 (README, "Nothing
  // relevant").
  double relevance_min = 0.45;
};

// KnowledgeEntry.Document: at most 256 KiB.
inline constexpr size_t kDocumentBytesMax = 256 * 1024;
inline constexpr size_t kPassagesPerDocumentMax = 400;
// A document fills at most so many of the passages of one answer.
inline constexpr size_t kPassagesOfOneDocument = 3;

struct Hit {
  v1::Passage passage;
  // Share of the question's weight that the passage covers, 0 to 1.
  double coverage = 0;
};

class Index {
 public:
  static absl::StatusOr<std::unique_ptr<Index>> Open(IndexOptions options,
                                                     const Analyzer& analyzer);
  ~Index();

  // Adds or replaces. InvalidArgument: no id, or larger than kDocumentBytesMax. ResourceExhausted:
  // the index is full; a document of that id stays as it was.
  absl::Status Put(const v1::KnowledgeEntry::Document& document);
  // False when there is no such document.
  bool Remove(const std::string& id);

  // At most `top_k` passages, best first; empty when nothing is relevant.
  absl::StatusOr<std::vector<Hit>> Search(QueryText text, size_t top_k);

  size_t document_count() const { return documents_.size(); }
  size_t passage_count() const { return passages_.size(); }
  // Empty when there is no such document.
  std::string TitleOf(const std::string& document_id) const;
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  struct Document {
    std::string id, title, category, language;
    int language_number = -1;
    std::vector<TermId> title_terms;  // sorted, as all that follow
    std::vector<TermId> keyword_terms;
    std::vector<int64_t> rows;
    std::vector<uint32_t> words;  // of the vocabulary, given back on removal
  };
  struct PassageInfo {
    const Document* document = nullptr;
    std::string section;
    std::vector<TermId> section_terms;
    std::vector<TermId> heading_terms;  // of the section and the title
    std::vector<TermId> body_terms;
  };
  struct Candidate {
    int64_t row = 0;
    double score = 0;
    double bm25 = 0;
    double coverage = 0;
    // How much of the title or heading is asked about, 0 to 1.
    double heading = 0;
    bool relevant = false;
  };
  struct WeighedTerm {
    const QueryTerm* term = nullptr;
    double weight = 0;  // inverse document frequency × importance
  };

  Index(IndexOptions options, const Analyzer& analyzer);

  std::string Analyze(std::string_view text, Document& document, std::vector<TermId>& terms);
  absl::Status InsertPassages(const v1::KnowledgeEntry::Document& source, Document& document);
  void Count(const PassageInfo& passage, int difference);
  double Idf(TermId term) const;
  void Judge(const PassageInfo& passage, const std::vector<WeighedTerm>& terms,
             Candidate& candidate) const;
  double HeadingAsked(const std::vector<TermId>& heading,
                      const absl::flat_hash_map<TermId, float>& asked) const;
  void JudgeHeadings(const Query& query, int clause, std::vector<Candidate>& candidates) const;
  void JudgeAll(const std::vector<WeighedTerm>& terms, const Query& query,
                std::vector<Candidate>& candidates) const;
  std::vector<Candidate> Take(const std::vector<Candidate>& candidates, size_t top_k) const;
  std::vector<Candidate> Rescue(std::vector<Candidate> candidates, size_t top_k) const;
  void KeepBest(const Candidate& best, std::vector<Candidate>& ranked) const;
  void Forget(const Document& document);
  int MainLanguage() const;
  std::vector<WeighedTerm> Weigh(const Query& query) const;
  std::string MatchExpression(const std::vector<WeighedTerm>& terms) const;
  absl::StatusOr<std::vector<Candidate>> Candidates(const std::string& match);
  std::vector<Candidate> Rank(std::vector<Candidate> candidates, const Query& query,
                              const std::vector<WeighedTerm>& terms, size_t top_k) const;
  absl::StatusOr<Hit> Fetch(const Candidate& candidate);

  const IndexOptions options_;
  const Analyzer& analyzer_;
  std::unique_ptr<Database> database_;
  Vocabulary vocabulary_;
  absl::flat_hash_map<std::string, std::unique_ptr<Document>> documents_;
  absl::flat_hash_map<int64_t, PassageInfo> passages_;
  int64_t last_row_ = 0;
  size_t documents_of_language_[kLanguageCount] = {};
};

}  // namespace switchboard::knowledge_retrieval
