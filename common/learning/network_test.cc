#include "common/learning/network.h"

#include <gtest/gtest.h>

#include <cmath>

namespace switchboard::learning {
namespace {

std::vector<float> Probabilities(const Network& network, const SparseVector& vector) {
  std::vector<float> scores(network.labels, 0);
  network.AddLogProbabilities(vector, scores);
  for (float& score : scores) score = std::exp(score);
  return scores;
}

// Label 1 when exactly one of the first two features is there: no linear machine can tell.
TEST(Network, LearnsWhatIsNotLinear) {
  const std::vector<SparseVector> vectors = {
      {{2, 1}}, {{0, 1}, {2, 1}}, {{1, 1}, {2, 1}}, {{0, 1}, {1, 1}, {2, 1}}};
  const std::vector<int> truth = {0, 1, 1, 0};
  const Network network = TrainNetwork(
      vectors, truth, {1, 1, 1, 1}, 3, 2,
      {.hidden = 16, .epochs = 2000, .rate = 0.1f, .input_dropout = 0, .hidden_dropout = 0}, 1);
  for (size_t i = 0; i < vectors.size(); ++i) {
    EXPECT_GT(Probabilities(network, vectors[i])[truth[i]], 0.9) << i;
  }
}

TEST(Network, ProbabilitiesSumToOne) {
  const Network network =
      TrainNetwork({{{0, 1}}, {{1, 1}}, {{2, 1}}}, {0, 1, 2}, {1, 1, 1}, 3, 3, {.hidden = 8}, 1);
  const std::vector<float> probabilities = Probabilities(network, {{0, 0.5f}, {2, 0.5f}});
  EXPECT_NEAR(probabilities[0] + probabilities[1] + probabilities[2], 1, 1e-5);
}

TEST(Network, AMessageThatWeighsMoreWinsWhereTwoDisagree) {
  const std::vector<SparseVector> vectors(2, {{0, 1.0f}});
  const NetworkOptions options = {.hidden = 8, .epochs = 200, .input_dropout = 0};
  EXPECT_GT(Probabilities(TrainNetwork(vectors, {0, 1}, {1, 0.2f}, 1, 2, options, 1), {{0, 1}})[0],
            0.5);
  EXPECT_LT(Probabilities(TrainNetwork(vectors, {0, 1}, {0.2f, 1}, 1, 2, options, 1), {{0, 1}})[0],
            0.5);
}

TEST(Network, TheSeedAloneDecides) {
  const auto train = [](uint64_t seed) {
    return TrainNetwork({{{0, 1}}, {{1, 1}}}, {0, 1}, {1, 1}, 2, 2, {.hidden = 8}, seed).embeddings;
  };
  EXPECT_EQ(train(1), train(1));
  EXPECT_NE(train(1), train(2));
}

}  // namespace
}  // namespace switchboard::learning
