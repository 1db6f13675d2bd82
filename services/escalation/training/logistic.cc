#include "services/escalation/training/logistic.h"

#include <algorithm>
#include <cmath>

#include "services/escalation/decision.h"

namespace switchboard::escalation {
namespace {

template <size_t count>
using Matrix = std::array<std::array<double, count>, count>;

// Gauss with row pivots; `matrix` is positive definite because of the ridge.
template <size_t count>
std::array<double, count> Solve(Matrix<count> matrix, std::array<double, count> right) {
  for (size_t column = 0; column < count; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < count; ++row) {
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    }
    std::swap(matrix[column], matrix[pivot]);
    std::swap(right[column], right[pivot]);
    for (size_t row = 0; row < count; ++row) {
      if (row == column) continue;
      const double factor = matrix[row][column] / matrix[column][column];
      for (size_t k = column; k < count; ++k) matrix[row][k] -= factor * matrix[column][k];
      right[row] -= factor * right[column];
    }
  }
  for (size_t i = 0; i < count; ++i) right[i] /= matrix[i][i];
  return right;
}

}  // namespace

template <size_t count>
std::array<double, count> FitLogistic(const std::vector<Sample<count>>& samples, double ridge) {
  constexpr int kStepsMax = 30;
  constexpr double kStepMin = 1e-6;
  constexpr double kStepMax = 2;  // Newton overshoots when classes nearly separate
  std::array<double, count> weights = {};
  for (int step = 0; step < kStepsMax; ++step) {
    Matrix<count> curvature = {};
    std::array<double, count> slope = {};
    for (size_t i = 0; i < count; ++i) {
      const double penalty = i == 0 ? 1e-6 : ridge;
      curvature[i][i] = penalty;
      slope[i] = -penalty * weights[i];
    }
    for (const Sample<count>& sample : samples) {
      const double p = Probability(weights, sample.features);
      const double error = sample.weight * ((sample.positive ? 1 : 0) - p);
      const double bend = sample.weight * std::max(p * (1 - p), 1e-9);
      for (size_t i = 0; i < count; ++i) {
        slope[i] += error * sample.features[i];
        for (size_t k = 0; k < count; ++k) {
          curvature[i][k] += bend * sample.features[i] * sample.features[k];
        }
      }
    }
    const std::array<double, count> change = Solve(curvature, slope);
    double largest = 0;
    for (const double one : change) largest = std::max(largest, std::abs(one));
    const double damping = largest > kStepMax ? kStepMax / largest : 1;
    for (size_t i = 0; i < count; ++i) weights[i] += damping * change[i];
    if (largest < kStepMin) break;
  }
  return weights;
}

template std::array<double, kTextFeatureCount> FitLogistic(
    const std::vector<Sample<kTextFeatureCount>>&, double);
template std::array<double, kTroubleFeatureCount> FitLogistic(
    const std::vector<Sample<kTroubleFeatureCount>>&, double);

}  // namespace switchboard::escalation
