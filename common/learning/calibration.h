// From scores to probabilities that can be believed, and the measures that tell whether they can.
//
//   const double sharpness = FitSharpness(held_out_scores, truth);
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace switchboard::learning {

// The factor on the scores whose softmax makes the true labels likeliest (temperature scaling, its
// inverse), between 0.1 and 100.
double FitSharpness(const std::vector<std::vector<float>>& scores, const std::vector<int>& truth);

// The threshold (see ModelData) that decides best, 0.01 to 100, when the share
// `out_of_scope_share` (0 to 1) of all messages is out of scope. 1 when no message is.
double FitThreshold(const std::vector<std::vector<double>>& probabilities,
                    const std::vector<int>& truth, int out_of_scope, double out_of_scope_share);

// Expected calibration error over ten bins of equal width: the mean distance between what was said
// and what was true. Each element is the confidence of a decision and whether it was right.
double CalibrationError(const std::vector<std::pair<double, bool>>& decisions);

// Index of the largest element.
template <typename T>
int ArgMax(const std::vector<T>& values) {
  size_t best = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] > values[best]) best = i;
  }
  return static_cast<int>(best);
}

}  // namespace switchboard::learning
