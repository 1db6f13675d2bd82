#include "cli/eval/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::cli::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSuite[] = R"({"rows": [
  {"section": "Intents", "title": "ours", "eval": ["intents", "{data}/a.jsonl,{data}/b.jsonl"],
   "targets": {"accuracy": 0.9, "calibration error": -0.03, "latency_p50_us": -100}}]})";

constexpr char kResult[] = R"({"metrics": [
  {"name": "accuracy", "value": 0.95, "low": 0.93, "high": 0.97, "count": 400},
  {"name": "calibration error", "value": 0.05, "count": 400}],
  "calls": 400, "latency_p50_us": 40.2, "latency_p99_us": 120, "memory_mib": 20})";

TEST(Suite, FillsInTheDataFolder) {
  const auto rows = ParseSuite(kSuite, "/data");
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_THAT(rows->front().words,
              ::testing::ElementsAre("intents", "/data/a.jsonl,/data/b.jsonl"));
}

TEST(Suite, ThePageSaysWhichTargetsAreMetAndWhichMissed) {
  auto rows = ParseSuite(kSuite, "/data");
  ASSERT_TRUE(rows.ok());
  rows->front().result = kResult;
  const std::string page = Page(*rows, "# Evaluation\n");
  EXPECT_THAT(page, HasSubstr("# Evaluation\n\n## Intents\n\n### ours\n"));
  EXPECT_THAT(page, HasSubstr("| accuracy | 0.950 | 0.930 to 0.970 | 400 | ≥ 0.9, met |"));
  EXPECT_THAT(page, HasSubstr("| calibration error | 0.050 |  | 400 | ≤ 0.03, **missed** |"));
  EXPECT_THAT(page, HasSubstr("≤ 100 µs, met."));
}

TEST(Suite, WhatWasNotMeasuredShowsNoFigure) {
  auto rows = ParseSuite(kSuite, "/data");
  ASSERT_TRUE(rows.ok());
  rows->front().missing = "/data/a.jsonl is not there";
  const std::string page = Page(*rows, "");
  EXPECT_THAT(page, HasSubstr("Not measured: /data/a.jsonl is not there"));
  EXPECT_THAT(page, Not(HasSubstr("| metric |")));
}

TEST(Suite, AFigureBelowItsFloorIsNamed) {
  auto rows = ParseSuite(R"({"rows": [{"section": "a", "title": "ours", "eval": ["intents"],
      "floors": {"accuracy": 0.9, "calibration error": -0.04, "F1": 0.5}}]})",
                         "");
  ASSERT_TRUE(rows.ok()) << rows.status();
  rows->front().result = kResult;
  EXPECT_THAT(BelowFloor(*rows),
              ::testing::ElementsAre("ours: there is no F1",
                                     "ours: calibration error is 0.050, the floor is ≤ 0.04"));
  rows->front().missing = "not there";
  EXPECT_THAT(BelowFloor(*rows), ::testing::ElementsAre("ours: not measured, not there"));
}

TEST(Suite, SaysWhatIsWrongWithARow) {
  EXPECT_THAT(std::string(ParseSuite("[]", "").status().message()), HasSubstr("rows"));
  EXPECT_THAT(std::string(ParseSuite(R"({"rows": [{"section": "a"}]})", "").status().message()),
              HasSubstr("row 1"));
  EXPECT_FALSE(ParseSuite(R"({"rows":[{"section":"a","title":"b","eval":["suite"]}]})", "").ok())
      << "a suite within a suite never ends";
}

}  // namespace
}  // namespace switchboard::cli::eval
