// A retriever that knows a few documents and one customer's records.
#pragma once

#include <memory>
#include <string>

#include "services/knowledge-retrieval/retriever.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard::fuzz {

inline void PutDocument(knowledge_retrieval::Retriever& retriever, const std::string& id,
                        const std::string& language, const std::string& title,
                        const std::string& content) {
  v1::KnowledgeEntry entry;
  entry.mutable_document()->set_id(id);
  entry.mutable_document()->set_language(language);
  entry.mutable_document()->set_title(title);
  entry.mutable_document()->set_category("returns");
  entry.mutable_document()->add_keywords("send back");
  entry.mutable_document()->set_content(content);
  FUZZ_DEMAND(retriever.Apply("doc." + id, entry.SerializeAsString(), false).ok());
}

inline void PutRow(knowledge_retrieval::Retriever& retriever, const std::string& kind,
                   const std::string& id, const std::string& owner, const std::string& json) {
  v1::KnowledgeEntry entry;
  entry.mutable_row()->set_kind(kind);
  entry.mutable_row()->set_id(id);
  entry.mutable_row()->set_owner(owner);
  entry.mutable_row()->set_json(json);
  FUZZ_DEMAND(retriever.Apply(kind + "." + id, entry.SerializeAsString(), false).ok());
}

inline std::unique_ptr<knowledge_retrieval::Retriever> SmallKnowledge() {
  auto created = knowledge_retrieval::Retriever::Create(
      {.data_dir = "services/knowledge-retrieval/data", .index = {}});
  FUZZ_DEMAND(created.ok());
  knowledge_retrieval::Retriever& retriever = **created;
  PutDocument(
      retriever, "return-policy", "en", "Return policy",
      "# Return policy\n\nYou can return an item within 30 days.\n\n## Refunds\n\n- We issue "
      "your refund within 5 working days.\n- Your bank needs 3 to 7 days.\n\n| country | "
      "days |\n|---|---|\n| France | 4 |\n");
  PutDocument(retriever, "retours", "fr", "Retours",
              "Vous pouvez retourner un article dans les 30 jours. L'article doit être neuf.");
  PutDocument(retriever, "envios", "es", "Envíos",
              "El envío a España tarda de 4 a 6 días laborables.");
  PutRow(retriever, "product", "JP-1001", "",
         R"({"product_id":"JP-1001","name":"Aspen Wool Throw","price":"89.00 EUR","stock":12})");
  PutRow(retriever, "order", "10452", "C-2001",
         R"({"order_id":"10452","customer_id":"C-2001","status":"shipped","carrier":"DHL",)"
         R"("tracking_number":"JJD0001","items":[{"product_id":"JP-1001","quantity":1,)"
         R"("name":"Aspen Wool Throw"}],"total":"89.00 EUR","placed_on":"2026-11-12"})");
  PutRow(retriever, "customer", "C-2001", "C-2001",
         R"({"customer_id":"C-2001","name":"Mona Lund","tier":"gold","points":120})");
  return *std::move(created);
}

}  // namespace switchboard::fuzz
