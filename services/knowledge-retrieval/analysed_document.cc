#include "services/knowledge-retrieval/analysed_document.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/base/strings.h"
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
    return std::move(document_);
  }

 private:
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
      // Keyed by the word with its accents: they change the stem.
      const auto [entry, is_new] = place_of_.try_emplace(word.lower, document_.words.size());
      if (is_new) document_.words.push_back({word.folded, analyzer_.Stem(word, stem_language_)});
      words.push_back(entry->second);
    }
    return words;
  }

  const Analyzer& analyzer_;
  const v1::KnowledgeEntry::Document& source_;
  int stem_language_ = -1;
  AnalysedDocument document_;
  absl::flat_hash_map<std::string, uint32_t> place_of_;
};

}  // namespace

AnalysedDocument Analyse(const Analyzer& analyzer, const v1::KnowledgeEntry::Document& source) {
  return Work(analyzer, source).Run();
}

}  // namespace switchboard::knowledge_retrieval
