// The search index: what the documents say, and which passages of them answer a question.
//
//   ASSIGN_OR_RETURN(auto index, Index::Open({}, *analyzer));
//   RETURN_IF_ERROR(index->Put(document));
//   for (const v1::Passage& passage : *index->Search({.text = "can I send it back?"}, 5)) …
//
// Everything that answers is in memory. With a file (index_file.h) the next start has what was
// analysed before the bucket delivers it again, and analyses only what has changed since. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/knowledge-retrieval/analysed_document.h"
#include "services/knowledge-retrieval/analyzer.h"
#include "services/knowledge-retrieval/inverted.h"
#include "services/knowledge-retrieval/query.h"
#include "services/knowledge-retrieval/ranker.h"
#include "services/knowledge-retrieval/vector_index.h"
#include "services/knowledge-retrieval/vocabulary.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::knowledge_retrieval {

struct IndexOptions {
  // A file keeps what was analysed for the next start; empty: nothing is kept.
  std::string path;
  size_t passages_max = 200000;
  // Smallest probability with which the best passage answers, 0 to 1.
  double relevance_min = kRelevanceMin;
  // Passages that may have a vector; 0: none has.
  size_t vectors_max = 0;
  // The model they are from: vectors of another are of no use.
  std::string vectors_model;
  // Cosine from which the nearest passage counts as relevant whatever its words, -1 to 1. Depends
  // on the model.
  double similarity_min = 0.5;
};

// A document fills at most so many of the passages of one answer.
inline constexpr size_t kPassagesOfOneDocument = 3;

class IndexFile;

class Index {
 public:
  static absl::StatusOr<std::unique_ptr<Index>> Open(IndexOptions options,
                                                     const Analyzer& analyzer);
  ~Index();

  // Adds or replaces; costs next to nothing when the document is the one that is there.
  // InvalidArgument: no id, or larger than kDocumentBytesMax. ResourceExhausted: the index is full;
  // a document of that id stays as it was.
  absl::Status Put(const v1::KnowledgeEntry::Document& document);
  // False when there is no such document.
  bool Remove(const std::string& id);
  // Every document that exists was put: what only the file still had goes, and spare memory.
  void OnCaughtUp();

  // At most `top_k` passages, best first; empty when nothing is relevant.
  // With the question's vector, words and vectors each rank, and the ranks are added up.
  absl::StatusOr<std::vector<v1::Passage>> Search(QueryText text, size_t top_k,
                                                  std::span<const float> vector = {});

  // A passage that has no vector yet.
  struct Unembedded {
    PassageId passage = 0;
    std::string key;  // of the model and the text
    std::string text;
  };
  // At most `count` of them, oldest first, out of the line; those whose vector is in the file get
  // it here.
  std::vector<Unembedded> TakeUnembedded(size_t count);
  void PutBack(std::vector<Unembedded> passages);
  // A unit vector; nothing happens when the passage has changed meanwhile. InvalidArgument: the
  // vectors so far have other dimensions. ResourceExhausted: vectors_max.
  absl::Status SetVector(const Unembedded& passage, const std::vector<float>& vector);
  size_t unembedded_count() const { return unembedded_.size(); }
  size_t vector_count() const { return vectors_ == nullptr ? 0 : vectors_->size(); }

  size_t document_count() const { return documents_.size(); }
  size_t passage_count() const { return inverted_.passage_count(); }
  // Empty when there is no such document.
  std::string TitleOf(const std::string& document_id) const;
  const Vocabulary& vocabulary() const { return vocabulary_; }
  // What is wrong with the file, for the log; each is told once.
  std::vector<std::string> TakeNotices();

 private:
  static constexpr PassageId kNoAnswer = ~PassageId{0};
  struct Document {
    std::string id, title, category, language;
    int language_number = -1;
    std::string hash;                 // of what it was made from
    bool confirmed = true;            // put since the start, not only read from the file
    std::vector<PassageId> passages;  // and questions, after them
    std::vector<uint32_t> words;      // of the vocabulary, given back on removal
  };
  struct PassageInfo {
    const Document* document = nullptr;
    std::string section;
    std::string text;
    // Of a question: the passage that answers it.
    PassageId answer = kNoAnswer;
  };

  struct Taken {
    Candidate candidate;
    std::vector<std::string> also_in;
  };

  Index(IndexOptions options, const Analyzer& analyzer);

  absl::Status Insert(AnalysedDocument source, std::string hash, bool confirmed);
  bool HasRoomFor(const AnalysedDocument& source) const;
  void Forget(const Document& document);
  void DropUnconfirmed();
  void Keep(const std::function<absl::Status(IndexFile&)>& write);
  void InsertPassage(AnalysedDocument::Passage& source, const std::vector<TermId>& terms,
                     std::vector<TermCounts> shared, Document& document);
  void InsertQuestion(const AnalysedDocument::Question& question, const std::vector<TermId>& terms,
                      PassageId answer, Document& document);
  PassageId AddEntry(std::vector<TermCounts> counts, int language, PassageInfo info,
                     Document& document);
  int MainLanguage() const;
  std::string TextToEmbed(PassageId passage) const;
  std::string VectorKey(std::string_view text) const;
  std::vector<Candidate> Fuse(std::vector<Candidate> by_words,
                              const std::vector<Neighbour>& by_vector) const;
  std::vector<Taken> Take(const std::vector<Candidate>& candidates, size_t top_k) const;
  bool SameText(PassageId a, PassageId b) const;
  v1::Passage Fetch(const Taken& taken) const;

  const IndexOptions options_;
  const Analyzer& analyzer_;
  std::unique_ptr<IndexFile> file_;  // null: nothing is kept
  std::vector<std::string> notices_;
  Vocabulary vocabulary_;
  Inverted inverted_;
  Ranker ranker_;
  absl::flat_hash_map<std::string, std::unique_ptr<Document>> documents_;
  std::vector<PassageInfo> passages_;     // by PassageId
  std::unique_ptr<VectorIndex> vectors_;  // null until there is one
  std::deque<PassageId> unembedded_;
  size_t documents_of_language_[kLanguageCount] = {};
};

}  // namespace switchboard::knowledge_retrieval
