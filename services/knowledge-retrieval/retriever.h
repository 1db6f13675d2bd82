// Everything the agent knows and how it answers: the index, the records, the rewriting. Fed with
// the entries of the `knowledge` bucket. Belongs to the loop's thread.
//
//   ASSIGN_OR_RETURN(auto retriever, Retriever::Create(options));
//   RETURN_IF_ERROR(retriever->Apply("doc.return-policy", bytes, /*deleted=*/false));
//   absl::StatusOr<v1::SearchReply> reply = retriever->Search(request);
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/knowledge-retrieval/index.h"
#include "services/knowledge-retrieval/records.h"
#include "services/knowledge-retrieval/rewriter.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::knowledge_retrieval {

struct RetrieverOptions {
  // Folder of stopwords.json, synonyms.json and dialogue.json.
  std::string data_dir;
  IndexOptions index;
};

class Retriever {
 public:
  static absl::StatusOr<std::unique_ptr<Retriever>> Create(RetrieverOptions options);

  // One entry of the bucket: key `doc.<id>` or `<kind>.<id>`, value a v1::KnowledgeEntry.
  // InvalidArgument: the entry cannot be used (and one that had the key before stays no longer).
  // ResourceExhausted: the index is full.
  absl::Status Apply(const std::string& key, const std::string& value, bool deleted);

  // Every entry the bucket holds was applied: what only an older index file had goes.
  void OnCaughtUp() { index_->OnCaughtUp(); }
  // What is wrong with the index file, for the log; each is told once.
  std::vector<std::string> TakeNotices() { return index_->TakeNotices(); }

  // `vector` is that of QuestionOf(request), if there is one.
  absl::StatusOr<v1::SearchReply> Search(const v1::SearchRequest& request,
                                         std::span<const float> vector = {});
  // The question with what it needs from the conversation.
  std::string QuestionOf(const v1::SearchRequest& request) const;

  Index& mutable_index() { return *index_; }
  const Index& index() const { return *index_; }
  const Records& records() const { return *records_; }

  static constexpr uint32_t kTopKDefault = 5;

 private:
  Retriever() = default;
  Rewriting RewriteWith(const v1::SearchRequest& request) const;
  void Remove(const std::string& kind, const std::string& id);

  std::unique_ptr<Analyzer> analyzer_;
  std::unique_ptr<Dialogue> dialogue_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<Records> records_;
};

}  // namespace switchboard::knowledge_retrieval
