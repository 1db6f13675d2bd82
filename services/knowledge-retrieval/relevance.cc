#include "services/knowledge-retrieval/relevance.h"

#include <cmath>

namespace switchboard::knowledge_retrieval {
namespace {

// Logistic regression on testdata/questions.jsonl and development.jsonl (318 questions, 192 off
// topic) over the sample's documents; README, "Nothing relevant", has the figures.
constexpr double kIntercept = -5.431;
constexpr double kCoverage = 5.865;
constexpr double kHeading = 3.411;
constexpr double kUnknown = -3.081;
constexpr double kWord = 1.542;

}  // namespace

double Relevance(const Evidence& evidence) {
  const double odds = kIntercept + kCoverage * evidence.coverage + kHeading * evidence.heading +
                      kUnknown * evidence.unknown + kWord * evidence.words;
  return 1 / (1 + std::exp(-odds));
}

}  // namespace switchboard::knowledge_retrieval
