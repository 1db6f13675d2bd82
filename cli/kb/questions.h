// questions.jsonl: what customers ask in their own words, by the document that answers it.
//
//   {"document": "return-policy", "language": "en", "question": "can I still send it back?",
//    "section": "How long do I have to return something?"}
//
// `section`, a heading of the document, is optional. A question goes to the document's translation
// into its language, `<document>.<language>`, where there is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/kb/entry.h"

namespace switchboard::cli::kb {

struct Question {
  std::string document;
  v1::KnowledgeEntry::Document::Question value;
  std::string origin;
};

// A file of this name holds questions.
bool IsQuestionFile(const std::string& file);

// Wrong lines do not end the reading: each adds "file:line: what" to `errors`.
std::vector<Question> ParseQuestions(const std::string& file, std::string_view text,
                                     std::vector<std::string>& errors);

// Gives the questions to their documents among `entries`; a line in `errors` for each whose
// document is not there, and for a document with more than kQuestionsMax.
void AddQuestions(const std::vector<Question>& questions, std::vector<Entry>& entries,
                  std::vector<std::string>& errors);

// The contract's bound for KnowledgeEntry.Document.questions.
inline constexpr int kQuestionsMax = 100;

}  // namespace switchboard::cli::kb
