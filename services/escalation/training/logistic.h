// Logistic regression with few features, exactly solved.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace switchboard::escalation {

template <size_t count>
struct Sample {
  std::array<double, count> features;
  bool positive = false;
  double weight = 1;
};

// The weights that make the samples likeliest, by Newton's method; `ridge` is the penalty on their
// squares (not on the first, the bias) and keeps them finite.
template <size_t count>
std::array<double, count> FitLogistic(const std::vector<Sample<count>>& samples, double ridge);

}  // namespace switchboard::escalation
