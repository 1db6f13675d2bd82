#include "services/knowledge-retrieval/analysed_document.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "services/knowledge-retrieval/chunker.h"

namespace switchboard::knowledge_retrieval {
namespace {

constexpr int kEnglish = 0;

class Work {
 public:
  Work(const Analyzer& analyzer, const v1::KnowledgeEntry::Document& source)
      : analyzer_(analyzer), source_(source) {}

  AnalysedDocument Run() {
    document_.id = source_.id();
    document_.title = source_.title().empty() ? source_.id() : source_.title();
    document_.category = source_.category();
    document_.language = source_.language();
    document_.language_number = LanguageNumber(source_.language());
    stem_language_ = document_.language_number;
    if (source_.language().empty()) Detect();
    language_ = document_.language_number;
    document_.title_words = Cut(document_.title);
    document_.keyword_words = Cut(StrJoin(source_.keywords(), ", "));
    for (Chunk& chunk : SplitMarkdown(source_.content(), kPassagesPerDocumentMax)) {
      AnalysedDocument::Passage passage;
      passage.section_words = Cut(StrCat(chunk.parents, chunk.section));
      passage.body_words = Cut(chunk.text);
      passage.section = std::move(chunk.section);
      passage.text = std::move(chunk.text);
      document_.passages.push_back(std::move(passage));
    }
    if (!document_.passages.empty()) CutQuestions();
    return std::move(document_);
  }

 private:
  void CutQuestions() {
    const int document_language = stem_language_;
    for (const auto& source : source_.questions()) {
      if (document_.questions.size() == kQuestionsPerDocumentMax) return;
      AnalysedDocument::Question question;
      question.language_number =
          source.language().empty() ? document_.language_number : LanguageNumber(source.language());
      language_ = question.language_number;
      stem_language_ = language_ < 0 ? document_language : language_;
      question.words = Cut(Truncate(source.text(), kQuestionLengthMax));
      question.answer = AnswerOf(question, source.section());
      if (!question.words.empty()) document_.questions.push_back(std::move(question));
    }
  }

  // The first passage of the section, or the one that shares most words.
  uint32_t AnswerOf(const AnalysedDocument::Question& question, const std::string& section) const {
    uint32_t best = 0;
    int most = -1;
    for (uint32_t i = 0; i < document_.passages.size(); ++i) {
      const AnalysedDocument::Passage& passage = document_.passages[i];
      if (!section.empty() && passage.section == section) return i;
      int shared = 0;
      for (const uint32_t word : question.words) {
        for (const AnalysedDocument::Words* words : {&passage.section_words, &passage.body_words}) {
          shared += std::find(words->begin(), words->end(), word) != words->end();
        }
      }
      if (shared <= most) continue;
      most = shared;
      best = i;
    }
    return best;
  }

  void Detect() {
    document_.language_number =
        analyzer_.DetectLanguage(source_.content(), SplitWords(source_.content()));
    stem_language_ = document_.language_number < 0 ? kEnglish : document_.language_number;
    if (document_.language_number >= 0) {
      document_.language = kLanguages[document_.language_number];
    }
  }

  AnalysedDocument::Words Cut(std::string_view text) {
    AnalysedDocument::Words words;
    for (const Word& word : SplitWords(text)) {
      if (analyzer_.IsStopWord(word.folded, stem_language_)) continue;
      // Keyed by the word with its accents, in its language: both change the stem.
      const auto [entry, is_new] =
          place_of_.try_emplace(StrCat(stem_language_, word.lower), document_.words.size());
      if (is_new) {
        document_.words.push_back({word.folded, analyzer_.Stem(word, stem_language_), language_});
      }
      words.push_back(entry->second);
    }
    return words;
  }

  const Analyzer& analyzer_;
  const v1::KnowledgeEntry::Document& source_;
  // Of the words that are cut, and by which rules: English where there are none for it.
  int language_ = -1;
  int stem_language_ = -1;
  AnalysedDocument document_;
  absl::flat_hash_map<std::string, uint32_t> place_of_;
};

}  // namespace

AnalysedDocument Analyse(const Analyzer& analyzer, const v1::KnowledgeEntry::Document& source) {
  return Work(analyzer, source).Run();
}

}  // namespace switchboard::knowledge_retrieval
