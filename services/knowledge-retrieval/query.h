// A question as the index understands it: for each content word the terms that would answer it,
// with how well each does and how much the word matters.
//
//   Query query = BuildQuery(analyzer, vocabulary, {.text = "how do I sned back my kettel"});
//   // {send back → return 0.8, …}, {kettel → kettl 0.9}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "services/knowledge-retrieval/analyzer.h"
#include "services/knowledge-retrieval/vocabulary.h"

namespace switchboard::knowledge_retrieval {

struct Alternative {
  TermId term = Vocabulary::kNone;
  // 1: the very word; less for a corrected typing error, a synonym, a word of another language.
  float weight = 1;
};

struct QueryTerm {
  // As the customer wrote it, folded.
  std::string word;
  // Best first. Empty: no document has the word or anything near it.
  std::vector<Alternative> alternatives;
  // 1 for the question's own words, less for words taken from the conversation.
  float importance = 1;
  // Part of the message that it stands in, from 0; kNoClause: it comes from the conversation.
  uint8_t clause = 0;
};

inline constexpr uint8_t kNoClause = 255;
// "Cancel it, and how do I send the lamp back?": further parts belong to the last one.
inline constexpr size_t kClausesMax = 4;

struct Query {
  std::vector<QueryTerm> terms;
  // Parts of the message that say something of their own; 1 for a plain question.
  size_t clauses = 1;
  // Number of the language that documents should have; -1: any.
  int language = -1;
};

struct QueryText {
  std::string_view text;
  // Words from the conversation that the question leans on.
  std::string_view context;
  // Language asked for; -1: that of the text.
  int language = -1;
  // English stems of words in products' names; may be null.
  const absl::flat_hash_set<std::string>* names = nullptr;
  // Language to assume when the text does not tell; -1: none.
  int default_language = -1;
};

// A longer question is cut: its first words say what it is about.
inline constexpr size_t kQueryTermsMax = 48;

// Builds the terms. Order numbers (5 digits and more) are left to the records.
Query BuildQuery(const Analyzer& analyzer, const Vocabulary& vocabulary, QueryText text);

}  // namespace switchboard::knowledge_retrieval
