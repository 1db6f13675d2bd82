#include "services/response-generator/feedback.h"

#include "services/response-generator/words.h"

namespace switchboard::response_generator {
namespace {

// Shorter quotes ("it") would strike too much.
constexpr size_t kQuoteBytesMin = 6;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void FindIndexes(std::string_view objection, size_t count, std::set<size_t>& out) {
  constexpr std::string_view kWord = "sentence";
  for (size_t at = 0; (at = objection.find(kWord, at)) != std::string_view::npos;) {
    at += kWord.size();
    size_t i = at;
    // "sentence 2", "sentence #2", "sentence[2]", "sentences 2", "sentence_index=2"
    while (i < objection.size() && !IsDigit(objection[i]) && i - at < 8 && objection[i] != '.') ++i;
    size_t index = 0;
    size_t digits = 0;
    for (; i < objection.size() && IsDigit(objection[i]) && digits < 3; ++i, ++digits) {
      index = index * 10 + static_cast<size_t>(objection[i] - '0');
    }
    if (digits > 0 && index < count) out.insert(index);
  }
}

// The pieces between quotation marks of one kind.
std::vector<std::string_view> Quotes(std::string_view text, std::string_view open,
                                     std::string_view close) {
  std::vector<std::string_view> out;
  for (size_t at = 0; (at = text.find(open, at)) != std::string_view::npos;) {
    const size_t begin = at + open.size();
    const size_t end = text.find(close, begin);
    if (end == std::string_view::npos) break;
    out.push_back(text.substr(begin, end - begin));
    at = end + close.size();
  }
  return out;
}

void FindQuoted(std::string_view objection, const std::vector<std::string>& sentences,
                std::set<size_t>& out) {
  constexpr std::pair<std::string_view, std::string_view> kMarks[] = {
      {"\"", "\""}, {"“", "”"}, {"«", "»"}, {"'", "'"}, {"`", "`"}};
  for (const auto& [open, close] : kMarks) {
    for (const std::string_view quote : Quotes(objection, open, close)) {
      if (quote.size() < kQuoteBytesMin) continue;
      const std::string wanted = Normalized(quote);
      for (size_t i = 0; i < sentences.size(); ++i) {
        if (wanted.size() > 2 && Normalized(sentences[i]).find(wanted) != std::string::npos) {
          out.insert(i);
        }
      }
    }
  }
  // The whole sentence, without quotation marks around it.
  const std::string all = Normalized(objection);
  for (size_t i = 0; i < sentences.size(); ++i) {
    const std::string sentence = Normalized(sentences[i]);
    if (sentence.size() > 2 * kQuoteBytesMin && all.find(sentence) != std::string::npos) {
      out.insert(i);
    }
  }
}

}  // namespace

Objections FindObjections(const std::vector<std::string>& feedback,
                          const std::vector<std::string>& sentences) {
  Objections out;
  for (const std::string& objection : feedback) {
    FindIndexes(objection, sentences.size(), out.sentences);
    FindQuoted(objection, sentences, out.sentences);
    const std::string normalized = Normalized(objection);
    out.personal_data |= normalized.find(" personal data ") != std::string::npos ||
                         normalized.find(" personal ") != std::string::npos;
  }
  return out;
}

}  // namespace switchboard::response_generator
