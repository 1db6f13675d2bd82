#include "services/response-generator/question.h"

#include <algorithm>

#include "services/response-generator/sentences.h"

namespace switchboard::response_generator {
namespace {

// A follow-up has at most so many words of its own.
constexpr size_t kFollowUpWordsMax = 4;

std::string_view FirstWord(const std::string& normalized) {
  const std::string_view rest = std::string_view(normalized).substr(1);
  return rest.substr(0, rest.find(' '));
}

std::vector<Word> ContentWords(const Lexicon& lexicon, std::string_view text) {
  std::vector<Word> out;
  for (const Word& word : lexicon.Words(text)) {
    if (!word.stopword) out.push_back(word);
  }
  return out;
}

// "…10452…": an order's number, or an article's.
bool NamesNumber(std::string_view text) {
  int digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits >= 4) return true;
  }
  return false;
}

// Cuts "a and how b" before the conjunction when a new question begins after it.
std::vector<std::string_view> CutAtConjunctions(const Lexicon& lexicon, std::string_view sentence) {
  std::vector<std::string_view> out;
  size_t begin = 0, previous = 0;
  bool after_conjunction = false;
  for (size_t i = 0; i < sentence.size();) {
    const size_t end = std::min(sentence.find(' ', i), sentence.size());
    const std::string normalized = Normalized(sentence.substr(i, end - i));
    if (normalized.size() > 1) {
      const std::string_view word = FirstWord(normalized);
      if (after_conjunction && previous > begin && lexicon.StartsClause(word)) {
        out.push_back(sentence.substr(begin, previous - begin));
        begin = previous;
      }
      after_conjunction = lexicon.IsConjunction(word);
      if (after_conjunction) previous = i;
    }
    i = end + 1;
  }
  out.push_back(sentence.substr(begin));
  return out;
}

Clause Describe(const Lexicon& lexicon, std::string_view text) {
  Clause clause;
  clause.text = text;
  clause.normalized = Normalized(text);
  clause.words = ContentWords(lexicon, text);
  clause.kinds = lexicon.KindsAsked(clause.normalized);
  for (const Word& word : lexicon.Words(text)) clause.facets |= word.facets;
  clause.asks = text.find('?') != std::string_view::npos || clause.kinds != 0 ||
                NamesNumber(text) || lexicon.IsImperative(FirstWord(clause.normalized)) ||
                lexicon.IsQuestionWord(FirstWord(clause.normalized));
  return clause;
}

std::vector<Clause> Clauses(const Lexicon& lexicon, std::string_view text) {
  std::vector<Clause> out;
  // Words of statements, waiting for the question they belong to.
  std::vector<Word> waiting;
  for (const Sentence& sentence : SplitSentences(text)) {
    for (const std::string_view part : CutAtConjunctions(lexicon, sentence.text)) {
      Clause clause = Describe(lexicon, part);
      if (!clause.asks || clause.words.empty() || out.size() == kClausesMax) {
        // "Can you help me?" has no content of its own either.
        waiting.insert(waiting.end(), clause.words.begin(), clause.words.end());
        continue;
      }
      clause.words.insert(clause.words.end(), waiting.begin(), waiting.end());
      waiting.clear();
      out.push_back(std::move(clause));
    }
  }
  if (out.size() < 2) {
    out.clear();
    out.push_back(Describe(lexicon, text));
  } else {
    out.back().words.insert(out.back().words.end(), waiting.begin(), waiting.end());
  }
  return out;
}

// The customer's own words decide how we address them: this message, or the last that tells.
Register Address(const v1::GenerateRequest& request, const Lexicon& lexicon,
                 const std::string& normalized, std::string_view language) {
  int signal = lexicon.RegisterSignal(normalized, language);
  for (int i = request.history_size() - 1; i >= 0 && signal == 0; --i) {
    signal = lexicon.RegisterSignal(Normalized(request.history(i).text()), language);
  }
  return signal > 0 ? Register::kInformal : Register::kFormal;
}

}  // namespace

bool Question::HasIntent(std::string_view name) const {
  return std::any_of(intents.begin(), intents.end(),
                     [&](const v1::Intent& intent) { return intent.name() == name; });
}

Question Understand(const v1::GenerateRequest& request, const Lexicon& lexicon,
                    std::string language) {
  Question question;
  question.language = std::move(language);
  question.seed = Hash(request.text());
  question.normalized = Normalized(request.text());
  question.how = Address(request, lexicon, question.normalized, question.language);
  question.clauses = Clauses(lexicon, request.text());
  for (const Clause& clause : question.clauses) {
    question.kinds |= clause.kinds;
    question.facets |= clause.facets;
  }
  question.small_talk = lexicon.SmallTalkOf(question.normalized);
  question.greets = lexicon.BeginsWithGreeting(question.normalized);
  for (const v1::Intent& intent : request.intents()) {
    if (intent.confidence() >= kIntentMin) question.intents.push_back(intent);
  }
  question.negative = question.top_intent() == "COMPLAINT" || lexicon.Negative(question.normalized);
  question.refers = lexicon.Refers(question.normalized);
  const bool short_message =
      question.clauses.size() == 1 && question.clauses.front().words.size() <= kFollowUpWordsMax;
  question.follow_up = request.history_size() > 0 && short_message &&
                       (question.refers || lexicon.Continues(question.normalized) ||
                        question.clauses.front().words.empty());
  if (question.follow_up) {
    question.earlier = ContentWords(lexicon, request.history(request.history_size() - 1).text());
  }
  return question;
}

}  // namespace switchboard::response_generator
