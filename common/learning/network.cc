// Built with -O3 -fopenmp-simd (CMakeLists.txt): its inner loops are all the time training takes.
#include "common/learning/network.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace switchboard::learning {
namespace {

// Below every sum of squares that matters; Adagrad divides by its root.
constexpr float kSmallest = 1e-8f;

// xorshift64*: the same numbers on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint32_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>(state_ * 0x2545f4914f6cdd1du >> 32);
  }
  // 0 to below 1.
  float Uniform() { return static_cast<float>(Next() >> 8) * (1.0f / (1 << 24)); }
  uint32_t Below(uint32_t bound) { return Next() % bound; }

 private:
  uint64_t state_;
};

void AddScaled(float* __restrict to, float factor, const float* __restrict from, size_t count) {
#pragma omp simd
  for (size_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

float Dot(const float* a, const float* b, size_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// What training keeps beside the network: sums of squared gradients (one for all of an embedding)
// and the buffers of a step.
class Training {
 public:
  Training(Network& network, size_t features, const NetworkOptions& options, uint64_t seed)
      : network_(network),
        options_(options),
        random_(seed),
        embedding_squares_(features, 0),
        output_squares_(network.labels, 0),
        bias_squares_(network.labels, 0),
        sums_(network.hidden),
        activations_(network.hidden),
        kept_(network.hidden),
        gradient_(network.hidden),
        errors_(network.labels) {
    const float spread = std::sqrt(3.0f / static_cast<float>(network.hidden));
    for (float& weight : network.embeddings) weight = (random_.Uniform() - 0.5f) * spread;
    for (float& weight : network.output) weight = (random_.Uniform() - 0.5f) * 2 * spread;
  }

  void Shuffle(std::vector<size_t>& order) {
    for (size_t i = order.size() - 1; i > 0; --i) {
      std::swap(order[i], order[random_.Below(static_cast<uint32_t>(i + 1))]);
    }
  }

  void Learn(const SparseVector& vector, int truth, float rate) {
    Forward(vector);
    std::fill(gradient_.begin(), gradient_.end(), 0.0f);
    const size_t hidden = network_.hidden;
    const float mean_square =
        Dot(activations_.data(), activations_.data(), hidden) / static_cast<float>(hidden);
    for (size_t label = 0; label < network_.labels; ++label) {
      const float error = errors_[label] - (static_cast<int>(label) == truth ? 1.0f : 0.0f);
      // Of a hundred labels most are soon out of the question; they would be half of the work.
      if (std::abs(error) < kErrorMin) continue;
      float* row = &network_.output[label * hidden];
      AddScaled(gradient_.data(), error, row, hidden);
      const float step = Step(output_squares_[label], error * error * mean_square, rate);
      AddScaled(row, -step * error, activations_.data(), hidden);
      network_.output_bias[label] -= Step(bias_squares_[label], error * error, rate) * error;
    }
    Backward(rate);
  }

 private:
  static constexpr float kErrorMin = 1e-4f;

  // Adagrad: the step's length after a gradient of this square. One sum serves a whole row.
  static float Step(float& squares, float square, float rate) {
    squares += square;
    return rate / std::sqrt(squares + kSmallest);
  }

  // Leaves out features and units, and sets errors_ to the labels' probabilities.
  void Forward(const SparseVector& vector) {
    const size_t hidden = network_.hidden;
    const float input_scale = 1 / (1 - options_.input_dropout);
    const float hidden_scale = 1 / (1 - options_.hidden_dropout);
    features_.clear();
    for (const auto& [feature, value] : vector) {
      if (random_.Uniform() < options_.input_dropout) continue;
      features_.emplace_back(feature, value * input_scale);
    }
    sums_ = network_.hidden_bias;
    for (const auto& [feature, value] : features_) {
      AddScaled(sums_.data(), value, &network_.embeddings[feature * hidden], hidden);
    }
    for (size_t unit = 0; unit < hidden; ++unit) {
      const bool is_kept = random_.Uniform() >= options_.hidden_dropout;
      kept_[unit] = is_kept && sums_[unit] > 0 ? hidden_scale : 0;
      activations_[unit] = sums_[unit] * kept_[unit];
    }
    float top = -INFINITY;
    for (size_t label = 0; label < network_.labels; ++label) {
      errors_[label] = network_.output_bias[label] +
                       Dot(&network_.output[label * hidden], activations_.data(), hidden);
      top = std::max(top, errors_[label]);
    }
    float sum = 0;
    for (float& error : errors_) sum += error = std::exp(error - top);
    for (float& error : errors_) error /= sum;
  }

  // From gradient_, which holds the activations' gradient, to the embeddings.
  void Backward(float rate) {
    const size_t hidden = network_.hidden;
    for (size_t unit = 0; unit < hidden; ++unit) gradient_[unit] *= kept_[unit];
    const float mean_square =
        Dot(gradient_.data(), gradient_.data(), hidden) / static_cast<float>(hidden);
    AddScaled(network_.hidden_bias.data(), -Step(hidden_square_, mean_square, rate),
              gradient_.data(), hidden);
    for (const auto& [feature, value] : features_) {
      const float step = Step(embedding_squares_[feature], value * value * mean_square, rate);
      AddScaled(&network_.embeddings[feature * hidden], -step * value, gradient_.data(), hidden);
    }
  }

  Network& network_;
  const NetworkOptions& options_;
  Random random_;
  std::vector<float> embedding_squares_, output_squares_, bias_squares_;
  float hidden_square_ = 0;
  SparseVector features_;
  std::vector<float> sums_, activations_, kept_, gradient_, errors_;
};

}  // namespace

void AddOutput(const float* activations, size_t hidden, const float* output,
               const float* output_bias, std::vector<float>& scores, std::vector<float>& sum) {
  scores.resize(sum.size());
  float top = -INFINITY;
  for (size_t label = 0; label < sum.size(); ++label) {
    scores[label] = output_bias[label] + Dot(output + label * hidden, activations, hidden);
    top = std::max(top, scores[label]);
  }
  float total = 0;
  for (const float score : scores) total += std::exp(score - top);
  const float shift = top + std::log(total);
  for (size_t label = 0; label < sum.size(); ++label) sum[label] += scores[label] - shift;
}

void Network::AddLogProbabilities(const SparseVector& vector, std::vector<float>& sum) const {
  std::vector<float> activations = hidden_bias;
  for (const auto& [feature, value] : vector) {
    AddScaled(activations.data(), value, &embeddings[feature * hidden], hidden);
  }
  for (float& activation : activations) activation = std::max(activation, 0.0f);
  std::vector<float> scores;
  AddOutput(activations.data(), hidden, output.data(), output_bias.data(), scores, sum);
}

Network TrainNetwork(const std::vector<SparseVector>& vectors, const std::vector<int>& truth,
                     const std::vector<float>& weights, size_t features, size_t labels,
                     const NetworkOptions& options, uint64_t seed) {
  Network network;
  network.hidden = options.hidden;
  network.labels = labels;
  network.embeddings.resize(features * network.hidden);
  network.hidden_bias.resize(network.hidden);
  network.output.resize(labels * network.hidden);
  network.output_bias.resize(labels);

  Training training(network, features, options, seed);
  std::vector<size_t> order(vectors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const int epochs =
      std::clamp(options.steps_max / static_cast<int>(order.size()), 1, options.epochs);
  const auto steps = static_cast<float>(epochs) * static_cast<float>(order.size());
  size_t step = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    training.Shuffle(order);
    for (const size_t i : order) {
      const float left = 1 - static_cast<float>(step++) / steps;
      training.Learn(vectors[i], truth[i], options.rate * left * weights[i]);
    }
  }
  return network;
}

}  // namespace switchboard::learning
