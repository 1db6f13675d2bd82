// Finds the sentences of the passages that answer a question best.
//
//   Selector selector(lexicon, request.passages(), "fr");
//   Selection found = selector.Select(terms, {.sentences_max = 3});
//
// A sentence scores by the question's words it contains, each weighted by its rarity among the
// candidates; by the words of the heading above it and of the document's title; by offering what
// the question asks for (a number of days, an amount, instructions); by its place; by the passage's
// own rank. Neighbours that belong together stay together. Pure; lives for one request.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/response-generator/lexicon.h"
#include "services/response-generator/sentences.h"
#include "switchboard/v1/conversation.pb.h"

namespace switchboard::response_generator {

struct Term {
  uint64_t hash = 0;
  // 1 for the question's own words, less for those of earlier messages and of the intent.
  double weight = 1;
  // A hint may support a sentence, but its absence proves nothing.
  bool hint = false;
  // Matches across languages.
  bool concept_word = false;
  // The customer said it and the classifier heard it: what does not speak of it is no answer.
  bool essential = false;
};

// Documents of this category are what the classifier heard, this surely (0 to 1).
struct CategoryPrior {
  std::string_view category;
  double weight = 0;
};

struct Ask {
  std::vector<Term> terms;
  // Bits of Kind.
  uint8_t kinds = 0;
  std::vector<CategoryPrior> categories;
  // What the conversation is about; its passages are preferred a little.
  std::string_view focus_document;
  // Share of the question's meaning that must be found.
  double support_min = 0.3;
};

struct Limits {
  // A numbered procedure counts as one.
  size_t sentences_max = 3;
  // Verbatim texts that must not be chosen (again).
  const std::set<std::string, std::less<>>* excluded = nullptr;
};

struct Pick {
  // Index into the passages.
  int passage = 0;
  Sentence sentence;
  double score = 0;
};

struct Selection {
  // In the order they should be read; empty when nothing supports an answer.
  std::vector<Pick> picks;
  // Share of the question's meaning that the best sentence with its headings carries, 0 to 1.
  double support = 0;
  // Things asked about that the best sentence with its headings speaks of.
  int concepts_matched = 0;
};

class Selector {
 public:
  // Passages beyond so many are not read: they rank too low to be quoted, and the time is bounded.
  static constexpr int kPassagesMax = 8;
  Selector(const Lexicon& lexicon, const google::protobuf::RepeatedPtrField<v1::Passage>& passages,
           std::string_view language);

  // From the passages in the customer's language, or when these answer nothing, from the others.
  Selection Select(const Ask& ask, const Limits& limits) const;

  const v1::Passage& passage(int index) const { return passages_.Get(index); }
  bool InCustomersLanguage(int index) const { return prepared_[index].native; }

 private:
  struct Line {
    Sentence sentence;
    // Words of the sentence: [begin, end) of words_.
    uint32_t words_begin = 0, words_end = 0;
    uint8_t kinds = 0;
    // It does not make sense without the sentence before.
    bool leans_back = false;
  };
  struct Prepared {
    std::vector<Line> lines;
    std::vector<Word> section, title;
    uint8_t section_kinds = 0;
    double prior = 0;
    std::string_view category;
    bool native = true;
  };
  struct Scored {
    int passage = 0;
    int line = 0;
    double score = 0;
    uint64_t terms = 0;
    // How well the heading above it is the question.
    double section_match = 0;
    // Share of the question's meaning in it and the headings above it.
    double support = 0;
    // How surely its document is of a category that the intent asks for.
    double category = 0;
    // The headings above it speak of what is asked; a word in passing is not enough.
    bool headed = false;
    // Things asked about that it speaks of; comparable across languages.
    int concepts_matched = 0;
    bool supported = false;
  };
  class Scoring;

  Prepared Prepare(const v1::Passage& passage, const std::string& language, double score_max);
  Selection SelectAmong(const Ask& ask, const Limits& limits, bool native) const;
  std::vector<Scored> Choose(const std::vector<Scored>& all, const Scored& best, const Ask& ask,
                             const Limits& limits) const;
  void KeepTogether(const std::vector<Scored>& all, const Scored& best, const Ask& ask, size_t room,
                    std::vector<Scored>& chosen) const;
  bool WholeProcedure(const std::vector<Scored>& all, const Scored& best, const Ask& ask,
                      std::vector<Scored>& chosen) const;

  const Lexicon& lexicon_;
  const google::protobuf::RepeatedPtrField<v1::Passage>& passages_;
  std::vector<Word> words_;
  std::vector<Prepared> prepared_;
};

}  // namespace switchboard::response_generator
