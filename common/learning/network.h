// A small neural network over sparse vectors: an embedding for each feature, their weighted sum
// through one layer of rectified units, a score for each label.
//
//   const Network network = TrainNetwork(vectors, truth, weights, feature_count, label_count, {},
//   1); network.LogProbabilities(vector, scores);
//
// On short texts it beats every linear machine that was tried on the same n-grams (README.md of
// this folder has the figures): most of its features are left out of each step at random, so it
// must learn to tell a label from whichever few of them a stranger's wording has. Deterministic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace switchboard::learning {

// (feature, value), features ascending.
using SparseVector = std::vector<std::pair<uint32_t, float>>;

struct NetworkOptions {
  // Units of the hidden layer. 64 suffices for about twenty labels, 128 for a hundred and more.
  int hidden = 128;
  // Passes over the messages, fewer where they would be more than steps_max messages: a step takes
  // about 10 µs.
  int epochs = 40;
  int steps_max = 1'200'000;
  // Adagrad's step at the start; it falls linearly to nothing.
  float rate = 0.05f;
  // Shares of the features and of the hidden units that a step leaves out.
  float input_dropout = 0.7f;
  float hidden_dropout = 0.5f;
};

struct Network {
  size_t hidden = 0;
  size_t labels = 0;
  std::vector<float> embeddings;   // features × hidden
  std::vector<float> hidden_bias;  // hidden
  std::vector<float> output;       // labels × hidden
  std::vector<float> output_bias;  // labels

  // Logarithms of the labels' probabilities, added to `sum` (one for each label).
  void AddLogProbabilities(const SparseVector& vector, std::vector<float>& sum) const;
};

// The output layer on activations that are already rectified: adds each label's log-probability to
// `sum`. `output` has labels × hidden weights, `scores` is a buffer.
void AddOutput(const float* activations, size_t hidden, const float* output,
               const float* output_bias, std::vector<float>& scores, std::vector<float>& sum);

// `truth` below `labels`, `weights` (how much a message counts) above 0: one for each vector.
Network TrainNetwork(const std::vector<SparseVector>& vectors, const std::vector<int>& truth,
                     const std::vector<float>& weights, size_t features, size_t labels,
                     const NetworkOptions& options, uint64_t seed);

}  // namespace switchboard::learning
