// Makes a question that leans on the conversation searchable: "and how long does that take?" gets
// the content words of the customer's previous message, or of the document the conversation is
// about.
//
//   Rewriting rewriting = Rewrite(analyzer, dialogue, {.text = "et pour l'Espagne ?",
//                                 .previous = {"Combien coûte la livraison en France ?"}});
//   rewriting.context;   // "coute livraison france"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/knowledge-retrieval/analyzer.h"
#include "services/knowledge-retrieval/dialogue.h"

namespace switchboard::knowledge_retrieval {

struct RewriteInput {
  std::string_view text;
  // What the customer wrote before, oldest first.
  std::vector<std::string_view> previous;
  // Title of the document the last answer came from; may be empty.
  std::string_view focus_title;
};

struct Rewriting {
  // Words to search for beside the text's own; empty when it stands alone.
  std::string context;
  // The text points at something said before ("it", "that one").
  bool anaphoric = false;
};

Rewriting Rewrite(const Analyzer& analyzer, const Dialogue& dialogue, const RewriteInput& input);

// More words would drown the question's own.
inline constexpr size_t kContextWordsMax = 8;

}  // namespace switchboard::knowledge_retrieval
