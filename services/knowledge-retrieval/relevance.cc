#include "services/knowledge-retrieval/relevance.h"

#include <cmath>

namespace switchboard::knowledge_retrieval {
namespace {

// Logistic regression on testdata/questions.jsonl and development.jsonl (318 questions, 192 off
// topic) over the sample's documents; README, "Nothing relevant", has the figures.
constexpr double kIntercept = -6.172;
constexpr double kCoverage = 5.242;
constexpr double kHeading = 3.667;
constexpr double kUnknown = -2.709;
constexpr double kWord = 2.04;

}  // namespace

double Relevance(const Evidence& evidence) {
  const double odds = kIntercept + kCoverage * evidence.coverage + kHeading * evidence.heading +
                      kUnknown * evidence.unknown + kWord * evidence.words;
  return 1 / (1 + std::exp(-odds));
}

}  // namespace switchboard::knowledge_retrieval
