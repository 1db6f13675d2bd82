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

TEST(FitThreshold, DecidesBestForTheShareThatIsOutOfScope) {
  // Label 1 is out of scope. Its share of the probability grows with i; from 60 on it is right, and
  // so it is now and then before.
  std::vector<std::vector<double>> probabilities;
  std::vector<int> truth;
  for (int i = 0; i < 100; ++i) {
    const double outside = 0.005 * i;
    probabilities.push_back({1 - outside, outside});
    truth.push_back(i >= 60 || i % 5 == 4 ? 1 : 0);
  }
  const auto count = [&](double threshold) {
    int outside = 0;
    for (std::vector<double> p : probabilities) {
      ApplyThreshold(1, threshold, p);
      outside += ArgMax(p) == 1;
    }
    return outside;
  };
  // 52 are out of scope: with that share from 59 on.
  EXPECT_EQ(count(FitThreshold(probabilities, truth, 1, 0.52)), 41);
  EXPECT_GT(count(FitThreshold(probabilities, truth, 1, 0.99)), 90)
      << "nearly all are out of scope";
  EXPECT_EQ(count(FitThreshold(probabilities, truth, 1, 0.01)), 41) << "it costs nothing";
  EXPECT_EQ(FitThreshold(probabilities, truth, -1, 0.5), 1) << "nothing is out of scope";
}

TEST(CalibrationError, IsTheDistanceBetweenSaidAndTrue) {
  std::vector<std::pair<double, bool>> decisions;
  for (int i = 0; i < 100; ++i) decisions.emplace_back(0.75, i < 75);
  EXPECT_NEAR(CalibrationError(decisions), 0, 1e-9);
  for (auto& [said, right] : decisions) said = 0.95;
  EXPECT_NEAR(CalibrationError(decisions), 0.20, 1e-9);
  EXPECT_EQ(CalibrationError({}), 0);
}

TEST(ApplyThreshold, DecidesBetweenTheBestLabelAndOutOfScope) {
  struct Case {
    const char* what;
    std::vector<double> before;
    double threshold;
    int decision;
  };
  const Case cases[] = {
      {"a clear message stays", {0.7, 0.2, 0.1}, 0.5, 0},
      {"one that is nearly as likely to be out of scope is", {0.45, 0.30, 0.25}, 0.5, 2},
      {"just at the threshold it is", {0.5, 0.25, 0.25}, 0.5, 2},
      {"what is out of scope already stays so", {0.1, 0.1, 0.8}, 0.5, 2},
      {"but not where the threshold asks for more", {0.3, 0.2, 0.5}, 2, 0},
      {"and there, too, when it is clear", {0.1, 0.1, 0.8}, 2, 2},
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
