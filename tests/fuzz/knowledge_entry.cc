// knowledge-retrieval: an entry of the bucket to the index and the records, and out of them again.
// The first line is the key.
#include "tests/fuzz/knowledge.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

void Examine(const std::string& key, const v1::KnowledgeEntry& entry) {
  static knowledge_retrieval::Retriever& retriever = *fuzz::SmallKnowledge().release();
  const absl::Status applied = retriever.Apply(key, entry.SerializeAsString(), false);
  if (!applied.ok()) fuzz::DemandSound(applied);
  v1::SearchRequest request;
  request.set_query("where is my order 10452, and the return policy? " + entry.document().title() +
                    " " + entry.row().id());
  request.mutable_customer()->set_id(entry.row().owner());
  const auto reply = retriever.Search(request);
  FUZZ_DEMAND(reply.ok());
  fuzz::DemandSound(*reply);
  // The next input meets the same knowledge.
  FUZZ_DEMAND(!applied.ok() || retriever.Apply(key, "", true).ok());
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::KnowledgeEntry)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::KnowledgeEntry entry;
  if (!switchboard::fuzz::DecodeMessage(switchboard::fuzz::Text(data, size), &entry)) return 0;
  const bool document = entry.has_document();
  const std::string key =
      document ? "doc." + entry.document().id() : entry.row().kind() + "." + entry.row().id();
  // The knowledge that all inputs meet stays as it is.
  if (key == "doc.return-policy" || key.ends_with(".10452") || key.ends_with(".C-2001")) return 0;
  switchboard::Examine(key, entry);
  return 0;
}
