#include "common/learning/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/learning/model.h"

namespace switchboard::learning {
namespace {

TEST(FitSharpness, FindsTheFactorThatMakesProbabilitiesTrue) {
  // Scores 1 and 0: right 9 times of 10, so softmax must say 0.9: the factor is ln 9.
  std::vector<std::vector<float>> scores(100, {1, 0});
  std::vector<int> truth(100, 0);
  for (int i = 0; i < 10; ++i) truth[i] = 1;
  EXPECT_NEAR(FitSharpness(scores, truth), 2.197, 0.01);
}

TEST(FitThreshold, CostsNoMoreThanItMay) {
  std::vector<std::vector<double>> probabilities;
  std::vector<int> truth;
  for (int i = 0; i < 100; ++i) {
    const double p = 0.30 + 0.005 * i;
    probabilities.push_back({p, (1 - p) / 3, (1 - p) / 3, (1 - p) / 3});
    truth.push_back(0);
  }
  const double threshold = FitThreshold(probabilities, truth, 3, 0.10);
  int lost = 0;
  for (std::vector<double> p : probabilities) {
    ApplyThreshold(3, threshold, p);
    lost += ArgMax(p) == 3;
  }
  EXPECT_LE(lost, 10);
  EXPECT_GE(lost, 8);
  EXPECT_EQ(FitThreshold(probabilities, truth, -1, 0.10), 0) << "nothing is out of scope";
}

TEST(CalibrationError, IsTheDistanceBetweenSaidAndTrue) {
  std::vector<std::pair<double, bool>> decisions;
  for (int i = 0; i < 100; ++i) decisions.emplace_back(0.75, i < 75);
  EXPECT_NEAR(CalibrationError(decisions), 0, 1e-9);
  for (auto& [said, right] : decisions) said = 0.95;
  EXPECT_NEAR(CalibrationError(decisions), 0.20, 1e-9);
  EXPECT_EQ(CalibrationError({}), 0);
}

TEST(ApplyThreshold, MakesADoubtfulMessageOutOfScope) {
  struct Case {
    const char* what;
    std::vector<double> before;
    double threshold;
    int decision;
  };
  const Case cases[] = {
      {"a clear message stays", {0.7, 0.2, 0.1}, 0.4, 0},
      {"a doubtful one is out of scope", {0.36, 0.34, 0.30}, 0.4, 2},
      {"just at the threshold it stays", {0.4, 0.3, 0.3}, 0.4, 0},
      {"what is out of scope already stays so", {0.1, 0.1, 0.8}, 0.4, 2},
  };
  for (const Case& c : cases) {
    std::vector<double> probabilities = c.before;
    ApplyThreshold(2, c.threshold, probabilities);
    EXPECT_EQ(ArgMax(probabilities), c.decision) << c.what;
    for (const double p : probabilities) {
      EXPECT_GE(p, 0) << c.what;
      EXPECT_LE(p, 1) << c.what;
    }
  }
}

}  // namespace
}  // namespace switchboard::learning
