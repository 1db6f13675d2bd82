// A document cut into passages and words, before the index gives its words numbers: what is worth
// keeping in a file, because cutting and stemming is most of the work of indexing.
//
//   const AnalysedDocument document = Analyse(analyzer, source);   // pure
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/knowledge-retrieval/analyzer.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::knowledge_retrieval {

// KnowledgeEntry.Document: at most 256 KiB.
inline constexpr size_t kDocumentBytesMax = 256 * 1024;
inline constexpr size_t kPassagesPerDocumentMax = 400;
// Document.questions: further ones are left out, longer ones cut.
inline constexpr int kQuestionsPerDocumentMax = 100;
inline constexpr size_t kQuestionLengthMax = 300;

struct AnalysedDocument {
  struct Word {
    std::string folded;  // as written, lower case, without accents
    std::string stem;
    int language_number = -1;  // as that of the document
  };
  // Words stand for their place in `words`, in the order of the text, stop words left out.
  using Words = std::vector<uint32_t>;
  struct Passage {
    std::string section;
    std::string text;
    Words section_words;  // of the headings above, too
    Words body_words;
  };

  struct Question {
    int language_number = -1;
    Words words;
    uint32_t answer = 0;  // place of the passage that answers it
  };

  std::string id, title, category, language;
  int language_number = -1;  // -1: none of ours, or there is no telling
  std::vector<Word> words;   // each once
  Words title_words;
  Words keyword_words;
  std::vector<Passage> passages;
  std::vector<Question> questions;  // none without a passage
};

// A document without a language gets the one its text is written in; where that does not show, it
// is stemmed as English and has none.
AnalysedDocument Analyse(const Analyzer& analyzer, const v1::KnowledgeEntry::Document& source);

}  // namespace switchboard::knowledge_retrieval
