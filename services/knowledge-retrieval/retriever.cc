#include "services/knowledge-retrieval/retriever.h"

#include <utility>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

constexpr char kDocumentKind[] = "doc";

absl::Status Mismatch(const std::string& key, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("entry ", key, " ", what));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Retriever>> Retriever::Create(RetrieverOptions options) {
  std::unique_ptr<Retriever> retriever(new Retriever);
  ASSIGN_OR_RETURN(retriever->analyzer_, Analyzer::Load(options.data_dir));
  ASSIGN_OR_RETURN(Dialogue dialogue, Dialogue::Load(options.data_dir));
  retriever->dialogue_ = std::make_unique<Dialogue>(std::move(dialogue));
  ASSIGN_OR_RETURN(retriever->index_, Index::Open(std::move(options.index), *retriever->analyzer_));
  retriever->records_ = std::make_unique<Records>(*retriever->analyzer_, *retriever->dialogue_);
  return retriever;
}

void Retriever::Remove(const std::string& kind, const std::string& id) {
  if (kind == kDocumentKind) {
    index_->Remove(id);
  } else {
    records_->Remove(kind, id);
  }
}

absl::Status Retriever::Apply(const std::string& key, const std::string& value, bool deleted) {
  const size_t dot = key.find('.');
  if (dot == std::string::npos) return Mismatch(key, "is neither doc.<id> nor <kind>.<id>");
  const std::string kind = key.substr(0, dot);
  const std::string id = key.substr(dot + 1);
  if (deleted) {
    Remove(kind, id);
    return absl::OkStatus();
  }
  v1::KnowledgeEntry entry;
  absl::Status status;
  if (!entry.ParseFromString(value)) {
    status = Mismatch(key, "is not a KnowledgeEntry");
  } else if (kind == kDocumentKind ? entry.document().id() != id
                                   : entry.row().kind() != kind || entry.row().id() != id) {
    // The key is what a removal names; an entry under another's key could never be removed.
    status = Mismatch(key, "holds another kind or id than its key says");
  } else {
    status = kind == kDocumentKind ? index_->Put(entry.document()) : records_->Put(entry.row());
  }
  // What the operator replaced must not go on answering customers. (A full index keeps the old
  // text.)
  if (absl::IsInvalidArgument(status)) Remove(kind, id);
  return status;
}

Rewriting Retriever::RewriteWith(const v1::SearchRequest& request) const {
  const std::string focus_title = index_->TitleOf(request.focus().document_id());
  RewriteInput input{.text = request.query(), .previous = {}, .focus_title = focus_title};
  for (const v1::Exchange& exchange : request.history()) {
    // What the critic blocked must not colour the next question.
    if (!exchange.blocked()) input.previous.push_back(exchange.text());
  }
  return Rewrite(*analyzer_, *dialogue_, input);
}

std::string Retriever::QuestionOf(const v1::SearchRequest& request) const {
  const Rewriting rewriting = RewriteWith(request);
  return rewriting.context.empty() ? request.query()
                                   : StrCat(request.query(), " ", rewriting.context);
}

absl::StatusOr<v1::SearchReply> Retriever::Search(const v1::SearchRequest& request,
                                                  std::span<const float> vector) {
  const Rewriting rewriting = RewriteWith(request);
  v1::SearchReply reply;
  reply.set_rewritten_query(rewriting.context.empty()
                                ? request.query()
                                : StrCat(request.query(), " ", rewriting.context));
  const QueryText text{.text = request.query(),
                       .context = rewriting.context,
                       .language = LanguageNumber(request.language()),
                       .names = &records_->product_words()};
  const size_t top_k = request.top_k() == 0 ? kTopKDefault : request.top_k();
  ASSIGN_OR_RETURN(std::vector<v1::Passage> passages, index_->Search(text, top_k, vector));
  for (v1::Passage& passage : passages) *reply.add_passages() = std::move(passage);
  for (v1::Record& record : records_->Find({.text = request.query(),
                            .customer_id = request.customer().id(),
                            .focus_order_id = request.focus().order_id(),
                            .focus_product_id = request.focus().product_id(),
                            .anaphoric = rewriting.anaphoric})) {
    *reply.add_records() = std::move(record);
  }
  return reply;
}

}  // namespace switchboard::knowledge_retrieval
