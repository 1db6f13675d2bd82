// What this folder's tests share: the data folder, and short ways to make entries.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/knowledge-retrieval/analyzer.h"
#include "services/knowledge-retrieval/dialogue.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::knowledge_retrieval {

// Tests run in the project's root.
inline constexpr char kFolder[] = "services/knowledge-retrieval";

inline std::string DataDir() { return std::string(kFolder) + "/data"; }

inline const Analyzer& TestAnalyzer() {
  static const auto* analyzer = new std::unique_ptr<Analyzer>(Analyzer::Load(DataDir()).value());
  return **analyzer;
}

inline const Dialogue& TestDialogue() {
  static const auto* dialogue = new Dialogue(Dialogue::Load(DataDir()).value());
  return *dialogue;
}

inline v1::KnowledgeEntry::Document MakeDocument(std::string id, std::string language,
                                                 std::string title, std::string content,
                                                 std::vector<std::string> keywords = {}) {
  v1::KnowledgeEntry::Document document;
  document.set_id(std::move(id));
  document.set_language(std::move(language));
  document.set_title(std::move(title));
  document.set_category("test");
  document.set_content(std::move(content));
  for (std::string& keyword : keywords) document.add_keywords(std::move(keyword));
  return document;
}

inline v1::KnowledgeEntry::Row MakeRow(std::string kind, std::string id, std::string owner,
                                       std::string json) {
  v1::KnowledgeEntry::Row row;
  row.set_kind(std::move(kind));
  row.set_id(std::move(id));
  row.set_owner(std::move(owner));
  row.set_json(std::move(json));
  return row;
}

}  // namespace switchboard::knowledge_retrieval
