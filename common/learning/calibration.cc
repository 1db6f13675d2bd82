#include "common/learning/calibration.h"

#include <algorithm>
#include <cmath>

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
                    const std::vector<int>& truth, int out_of_scope, double cost) {
  if (out_of_scope < 0) return 0;
  std::vector<double> right;
  size_t in_scope = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] == out_of_scope) continue;
    ++in_scope;
    if (ArgMax(probabilities[i]) == truth[i]) right.push_back(probabilities[i][truth[i]]);
  }
  if (right.empty()) return 0;
  std::sort(right.begin(), right.end());
  const auto allowed = static_cast<size_t>(cost * static_cast<double>(in_scope));
  constexpr double kThresholdMax = 0.6;
  return std::min(right[std::min(allowed, right.size() - 1)], kThresholdMax);
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
