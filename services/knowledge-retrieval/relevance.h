// How likely it is that the collection has an answer to a question: a logistic model over what the
// best passage has of the question.
//
//   const double probability = Relevance({.coverage = 0.8, .heading = 0.6, .words = 3});
#pragma once

namespace switchboard::knowledge_retrieval {

struct Evidence {
  // Share of the question's weight that the passage covers, 0 to 1.
  double coverage = 0;
  // Share of its title or heading that is asked about, 0 to 1.
  double heading = 0;
  // Share of the question's weight that no document knows, 0 to 1.
  double unknown = 0;
  // Words of the question that the passage has, at most kWordsMax: one proves less than three.
  double words = 0;

  static constexpr double kWordsMax = 4;
};

// 0 to 1.
double Relevance(const Evidence& evidence);

// Below this probability the answer is "nothing relevant". Low on purpose: a right passage that is
// missing cannot be made up for later, a needless one can (README, "Nothing relevant").
inline constexpr double kRelevanceMin = 0.3;

}  // namespace switchboard::knowledge_retrieval
