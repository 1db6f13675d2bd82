// Ranks passages for a question: BM25 in every field, each word of the question by the best of what
// may be meant by it; for a message in several parts, each part as well. Says how likely the best
// one answers at all (relevance.h).
//
//   const std::vector<Candidate> best = ranker.Rank(query);   // best first, at most kCandidatesMax
//
// Keeps one accumulator (16 bytes) for each passage of the index and a number for each term. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "services/knowledge-retrieval/inverted.h"
#include "services/knowledge-retrieval/query.h"
#include "services/knowledge-retrieval/relevance.h"
#include "services/knowledge-retrieval/vocabulary.h"

namespace switchboard::knowledge_retrieval {

struct Candidate {
  PassageId passage = 0;
  double score = 0;
  Evidence evidence;
  // Probability that the passage answers the question, or the part of it that it does best on.
  double relevance = 0;
};

class Ranker {
 public:
  // Passages that are looked at closely.
  static constexpr size_t kCandidatesMax = 96;

  Ranker(const Inverted& inverted, const Vocabulary& vocabulary)
      : inverted_(inverted), vocabulary_(vocabulary) {}

  // The language of a passage's document, -1: unknown. Kept here so that ranking needs nothing
  // else.
  void SetLanguage(PassageId passage, int language);

  // The best by the whole and by each part of the message, at most kCandidatesMax.
  std::vector<Candidate> Rank(const Query& query);

 private:
  struct Accumulator {
    float score = 0;
    float of_word = 0;    // what the current word has added
    uint32_t search = 0;  // number of the search that wrote it
    uint32_t word = 0;    // number of the word that wrote `of_word`
  };
  // A word of the question that a term of the index may be meant by.
  struct Asked {
    uint16_t word = 0;  // place in Query::terms
    float weight = 0;
    int32_t next = -1;  // another word that the same term may be meant by
  };
  struct WeighedWord {
    double weight = 0;   // inverse document frequency of what it means, dampened, × importance
    double unknown = 0;  // the weight before it was limited, of a word that no document has
  };
  // The whole message, or one part of it with less of the others.
  struct View {
    std::vector<float> factors;  // by word
    double weight = 0;           // of all words
    double unknown = 0;          // share of the weight that no document knows
  };

  void Weigh(const Query& query);
  void MakeViews(const Query& query);
  void MakeNorms();
  void Ask(const Query& query);
  void ForgetAsked();
  double Idf(TermId term) const;
  float Gain(const FieldCounts& counts, const FieldCounts& lengths) const;
  float LanguageFactor(PassageId passage, int language) const;
  void Accumulate(const Query& query);
  void AccumulateWord(const QueryTerm& word, double weight_of_word, uint32_t frequency_max);
  std::vector<Candidate> MostPromising(int language);
  void Judge(const Query& query, Candidate& candidate);
  void Look(const Query& query, PassageId passage);
  double HeadingAsked(const View& view, Field field, bool both) const;

  const Inverted& inverted_;
  const Vocabulary& vocabulary_;
  std::vector<int8_t> languages_;  // by passage
  std::vector<Accumulator> accumulators_;
  std::vector<int32_t> first_asked_;  // by term, place in asked_; -1: not asked
  std::vector<Asked> asked_;
  std::vector<TermId> asked_terms_;
  std::vector<WeighedWord> words_;
  std::vector<float> importances_;
  std::vector<View> views_;
  std::vector<PassageId> touched_;
  uint32_t search_ = 0;
  uint32_t word_ = 0;
  float norms_[kFieldCount][256];

  // Of the passage looked at: by word, and the terms of its title and heading.
  struct HeadingTerm {
    bool title = false, section = false;
    double idf = 0;
    int32_t asked = -1;
  };
  std::vector<float> gains_;
  std::vector<float> credits_;
  std::vector<HeadingTerm> heading_;
};

}  // namespace switchboard::knowledge_retrieval
