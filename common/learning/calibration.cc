#include "common/learning/calibration.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "common/learning/model.h"

namespace switchboard::learning {
namespace {

double NegativeLogLikelihood(const std::vector<std::vector<float>>& scores,
                             const std::vector<int>& truth, double sharpness) {
  double loss = 0;
  std::vector<double> probabilities;
  for (size_t i = 0; i < scores.size(); ++i) {
    Softmax(scores[i], sharpness, probabilities);
    loss -= std::log(std::max(probabilities[truth[i]], 1e-12));
  }
  return loss;
}

}  // namespace

double FitSharpness(const std::vector<std::vector<float>>& scores, const std::vector<int>& truth) {
  // Golden-section search on the logarithm; the loss has a single minimum.
  constexpr double kRatio = 0.6180339887498949;
  double low = std::log(0.1);
  double high = std::log(100.0);
  const auto loss = [&](double x) { return NegativeLogLikelihood(scores, truth, std::exp(x)); };
  double a = high - kRatio * (high - low);
  double b = low + kRatio * (high - low);
  double loss_a = loss(a);
  double loss_b = loss(b);
  while (high - low > 1e-3) {
    if (loss_a < loss_b) {
      high = b;
      b = a;
      loss_b = loss_a;
      loss_a = loss(a = high - kRatio * (high - low));
    } else {
      low = a;
      a = b;
      loss_a = loss_b;
      loss_b = loss(b = low + kRatio * (high - low));
    }
  }
  return std::exp((low + high) / 2);
}

double FitThreshold(const std::vector<std::vector<double>>& probabilities,
                    const std::vector<int>& truth, int out_of_scope, double out_of_scope_share) {
  constexpr double kThresholdMin = 0.01;
  constexpr double kThresholdMax = 100;
  if (out_of_scope < 0) return 1;
  // The ratio at which each message turns out of scope, and what that is worth.
  std::vector<std::pair<double, double>> turns;
  const auto outside = std::count(truth.begin(), truth.end(), out_of_scope);
  const auto inside = static_cast<double>(truth.size()) - static_cast<double>(outside);
  if (outside == 0 || inside == 0) return 1;
  for (size_t i = 0; i < truth.size(); ++i) {
    std::vector<double> others = probabilities[i];
    others[out_of_scope] = -1;
    const int best = ArgMax(others);
    const double ratio = probabilities[i][out_of_scope] / std::max(others[best], 1e-300);
    if (truth[i] == out_of_scope) {
      turns.emplace_back(ratio, out_of_scope_share / static_cast<double>(outside));
    } else if (truth[i] == best) {
      turns.emplace_back(ratio, (out_of_scope_share - 1) / inside);
    }
  }
  std::sort(turns.begin(), turns.end(), std::greater<>());
  // Half way between two ratios, so that rounding turns no message.
  double threshold = kThresholdMax;
  double value = 0;
  double best_value = 0;
  for (size_t i = 0; i < turns.size() && turns[i].first >= kThresholdMin; ++i) {
    value += turns[i].second;
    if (turns[i].first > kThresholdMax || value <= best_value) continue;
    best_value = value;
    const double next = i + 1 < turns.size() ? turns[i + 1].first : 0;
    threshold = std::max((turns[i].first + next) / 2, kThresholdMin);
  }
  return threshold;
}

double CalibrationError(const std::vector<std::pair<double, bool>>& decisions) {
  constexpr int kBins = 10;
  double confidence[kBins] = {};
  double right[kBins] = {};
  for (const auto& [said, was_right] : decisions) {
    const int bin = std::clamp(static_cast<int>(said * kBins), 0, kBins - 1);
    confidence[bin] += said;
    right[bin] += was_right;
  }
  double error = 0;
  for (int bin = 0; bin < kBins; ++bin) error += std::abs(confidence[bin] - right[bin]);
  return decisions.empty() ? 0 : error / static_cast<double>(decisions.size());
}

}  // namespace switchboard::learning
