// knowledge-retrieval: a SearchRequest to its reply, over an index of a few documents and records.
#include <cmath>

#include "services/knowledge-retrieval/retriever.h"
#include "tests/fuzz/knowledge.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

void Examine(const v1::SearchRequest& request) {
  static knowledge_retrieval::Retriever& retriever = *fuzz::SmallKnowledge().release();
  const auto reply = retriever.Search(request);
  FUZZ_DEMAND(reply.ok());
  fuzz::DemandSound(*reply);
  const int wanted = request.top_k() == 0 ? 5 : static_cast<int>(request.top_k());
  FUZZ_DEMAND(reply->passages_size() <= wanted);
  for (const v1::Passage& passage : reply->passages()) {
    FUZZ_DEMAND(!passage.document_id().empty() && !passage.text().empty());
  }
  for (const v1::Record& record : reply->records()) {
    FUZZ_DEMAND(!record.kind().empty() && !record.id().empty());
    FUZZ_DEMAND(record.access() != v1::Record::ACCESS_UNSPECIFIED);
    const bool granted = record.access() == v1::Record::GRANTED;
    FUZZ_DEMAND(granted || record.fields().empty());
    // The one rule that must hold for every request there is: C-2001's order is hers alone.
    FUZZ_DEMAND(!granted || record.kind() == "product" || request.customer().id() == "C-2001");
  }
  FUZZ_DEMAND(reply->rewritten_query().starts_with(request.query()));
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::SearchRequest)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::SearchRequest request;
  if (switchboard::fuzz::DecodeRequest(switchboard::fuzz::Text(data, size), &request)) {
    switchboard::Examine(request);
  }
  return 0;
}
