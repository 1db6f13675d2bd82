#include "services/knowledge-retrieval/rewriter.h"

#include <algorithm>

#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {
namespace {

// A question with so many content words of its own says what it is about, pronoun or not.
constexpr size_t kStandsAlone = 4;
// Customers come back to what they asked a moment ago, not to the start of the conversation.
constexpr size_t kMessagesLookedBack = 3;
// A message with fewer content words leaned on an earlier one itself.
constexpr size_t kTellingWords = 2;

std::vector<std::string> ContentWords(const Analyzer& analyzer, const std::vector<Word>& words,
                                      int language) {
  std::vector<std::string> content;
  for (const Word& word : words) {
    const bool number = word.folded.find_first_not_of("0123456789") == std::string::npos;
    if (!number && !analyzer.IsStopWord(word.folded, language)) content.push_back(word.folded);
  }
  return content;
}

// The text begins with one to three words that go on from something said.
bool OpensAsContinuation(const Dialogue& dialogue, const std::vector<Word>& words, int language) {
  std::string opening;
  for (size_t i = 0; i < words.size() && i < 3; ++i) {
    StrAppend(&opening, i == 0 ? "" : " ", words[i].folded);
    if (dialogue.openers.Has(opening, language)) return true;
  }
  return false;
}

class Context {
 public:
  Context(const Analyzer& analyzer, std::vector<std::string> own)
      : analyzer_(analyzer), seen_(std::move(own)) {}

  void Add(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (count_ == kContextWordsMax) return;
      if (std::find(seen_.begin(), seen_.end(), word) != seen_.end()) continue;
      seen_.push_back(word);
      StrAppend(&text_, text_.empty() ? "" : " ", word);
      ++count_;
    }
  }

  // Adds the latest message that says something, with the ones after it that leaned on it.
  void AddMessages(const std::vector<std::string_view>& previous, int language) {
    const size_t first = previous.size() - std::min(previous.size(), kMessagesLookedBack);
    for (size_t i = previous.size(); i > first; --i) {
      const std::vector<Word> words = SplitWords(previous[i - 1]);
      const int written = analyzer_.DetectLanguage(previous[i - 1], words);
      const auto content = ContentWords(analyzer_, words, written >= 0 ? written : language);
      Add(content);
      if (content.size() >= kTellingWords) return;
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  const Analyzer& analyzer_;
  std::vector<std::string> seen_;
  std::string text_;
  size_t count_ = 0;
};

}  // namespace

Rewriting Rewrite(const Analyzer& analyzer, const Dialogue& dialogue, const RewriteInput& input) {
  Rewriting rewriting;
  const std::vector<Word> words = SplitWords(input.text);
  const int language = analyzer.DetectLanguage(input.text, words);
  std::vector<std::string> own = ContentWords(analyzer, words, language);
  rewriting.anaphoric = own.size() < kStandsAlone && dialogue.anaphora.HasAny(words, language);
  const bool leans = rewriting.anaphoric || own.empty() ||
                     (own.size() < kStandsAlone && OpensAsContinuation(dialogue, words, language));
  // "Thanks!" leans on nothing: without a question there is nothing to search for.
  const bool asks = !own.empty() || dialogue.anaphora.HasAny(words, language) ||
                    OpensAsContinuation(dialogue, words, language) ||
                    input.text.find('?') != std::string_view::npos;
  if (!leans || !asks) return rewriting;
  const std::vector<Word> title = SplitWords(input.focus_title);
  const std::vector<std::string> title_words =
      ContentWords(analyzer, title, analyzer.DetectLanguage(input.focus_title, title));
  Context context(analyzer, std::move(own));
  context.AddMessages(input.previous, language);
  context.Add(title_words);
  rewriting.context = context.Take();
  return rewriting;
}

}  // namespace switchboard::knowledge_retrieval
