#include "cli/eval/statistics.h"

#include <gtest/gtest.h>

#include <numeric>

#include "cli/eval/measurement.h"

namespace switchboard::cli::eval {
namespace {

TEST(Wilson, AgreesWithPublishedIntervals) {
  // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  struct {
    size_t hits, all;
    double low, high;
  } const cases[] = {{81, 263, 0.2553, 0.3662},
                     {15, 148, 0.0624, 0.1605},
                     {0, 20, 0.0000, 0.1611},
                     {1, 29, 0.0061, 0.1718}};
  for (const auto& c : cases) {
    const Interval interval = Wilson(c.hits, c.all);
    EXPECT_NEAR(interval.low, c.low, 0.0001) << c.hits << " of " << c.all;
    EXPECT_NEAR(interval.high, c.high, 0.0001) << c.hits << " of " << c.all;
  }
}

TEST(Wilson, KnowsNothingOfNothing) {
  EXPECT_EQ(Wilson(0, 0).low, 0);
  EXPECT_EQ(Wilson(0, 0).high, 1);
}

TEST(Bootstrap, AgreesWithWilsonOnAShare) {
  constexpr size_t kAll = 400, kHits = 100;
  const Interval drawn = Bootstrap(kAll, [](const std::vector<size_t>& sample) {
    size_t hits = 0;
    for (const size_t index : sample) hits += index < kHits;
    return static_cast<double>(hits) / static_cast<double>(sample.size());
  });
  const Interval computed = Wilson(kHits, kAll);
  EXPECT_NEAR(drawn.low, computed.low, 0.01);
  EXPECT_NEAR(drawn.high, computed.high, 0.01);
}

TEST(BinaryMetrics, CountsWhatWasFoundAndWhatNot) {
  std::vector<Verdict> verdicts;
  for (int i = 0; i < 8; ++i) verdicts.push_back({true, true});
  for (int i = 0; i < 2; ++i) verdicts.push_back({true, false});
  for (int i = 0; i < 4; ++i) verdicts.push_back({false, true});
  for (int i = 0; i < 16; ++i) verdicts.push_back({false, false});
  const std::vector<Metric> metrics = BinaryMetrics(verdicts);
  ASSERT_EQ(metrics.size(), 4u);
  EXPECT_EQ(metrics[0].name, "recall");
  EXPECT_DOUBLE_EQ(metrics[0].value, 0.8);
  EXPECT_EQ(metrics[1].name, "precision");
  EXPECT_DOUBLE_EQ(metrics[1].value, 8.0 / 12);
  EXPECT_EQ(metrics[2].name, "F1");
  EXPECT_DOUBLE_EQ(metrics[2].value, 16.0 / 22);
  EXPECT_LT(metrics[2].interval.low, metrics[2].value);
  EXPECT_GT(metrics[2].interval.high, metrics[2].value);
  EXPECT_EQ(metrics[3].name, "false alarms");
  EXPECT_DOUBLE_EQ(metrics[3].value, 0.2);
}

TEST(BinaryMetrics, SaysOnlyWhatTheCasesCanTell) {
  const std::vector<Metric> attacks = BinaryMetrics({{true, true}, {true, false}});
  ASSERT_EQ(attacks.size(), 1u);
  EXPECT_EQ(attacks[0].name, "recall");
  const std::vector<Metric> benign = BinaryMetrics({{false, false}});
  ASSERT_EQ(benign.size(), 1u);
  EXPECT_EQ(benign[0].name, "false alarms");
}

}  // namespace
}  // namespace switchboard::cli::eval
