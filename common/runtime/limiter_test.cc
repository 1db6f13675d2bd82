#include "common/runtime/limiter.h"

#include <gtest/gtest.h>

namespace switchboard::runtime {
namespace {

using std::chrono::milliseconds;

class LimiterTest : public ::testing::Test {
 protected:
  // `windows` windows in which work waits between `least` and ten times as long.
  void Run(int windows, milliseconds least, int in_hand) {
    for (int i = 0; i < windows * 10; ++i) {
      limiter_.OnStart(in_hand);
      limiter_.OnWaited(now_, least * (1 + i % 10));
      now_ += milliseconds(11);
    }
  }

  Limiter limiter_{{.limit_min = 8, .limit_max = 200, .wait_target = milliseconds(50)}};
  Clock::time_point now_{};
};

TEST_F(LimiterTest, BeginsAtItsCeilingAndStaysThereWhileNothingQueues) {
  Run(50, milliseconds(1), 200);
  EXPECT_EQ(limiter_.limit(), 200);
  EXPECT_TRUE(limiter_.Admits(199));
  EXPECT_FALSE(limiter_.Admits(200));
}

TEST_F(LimiterTest, AStandingWaitBringsItDownToItsFloorAndNoFurther) {
  Run(3, milliseconds(60), 200);
  EXPECT_LT(limiter_.limit(), 200);
  EXPECT_GT(limiter_.limit(), 8);
  Run(100, milliseconds(60), 200);
  EXPECT_EQ(limiter_.limit(), 8);
}

TEST_F(LimiterTest, ABurstThatDrainsWithinItsWindowIsNoQueue) {
  // Up to 400 ms, but each window has something that waited only 40.
  Run(50, milliseconds(40), 200);
  EXPECT_EQ(limiter_.limit(), 200);
}

TEST_F(LimiterTest, GrowsAgainOnlyWhileItIsNearlyReached) {
  Run(100, milliseconds(60), 200);
  Run(20, milliseconds(1), 2);
  EXPECT_EQ(limiter_.limit(), 8) << "nobody asked for more";
  Run(200, milliseconds(1), 200);
  EXPECT_EQ(limiter_.limit(), 200);
}

TEST_F(LimiterTest, WhatItSawBeforeAnIdleTimeIsForgotten) {
  limiter_.OnWaited(now_, milliseconds(6000));  // the process was stopped
  now_ += milliseconds(10000);
  Run(1, milliseconds(1), 10);
  EXPECT_FALSE(limiter_.overloaded());
  EXPECT_EQ(limiter_.limit(), 200);
}

TEST_F(LimiterTest, MeasurementsFarApartCountWhileEachOfThemWaitedSoLong) {
  for (int i = 0; i < 3; ++i) limiter_.OnWaited(now_ += milliseconds(5000), milliseconds(4900));
  EXPECT_TRUE(limiter_.overloaded());
}

TEST_F(LimiterTest, IsOverloadedOnlyWhileTheWaitStandsFarAboveTheTarget) {
  Run(5, milliseconds(60), 10);
  EXPECT_FALSE(limiter_.overloaded());
  Run(5, milliseconds(250), 10);
  EXPECT_TRUE(limiter_.overloaded());
  Run(5, milliseconds(1), 10);
  EXPECT_FALSE(limiter_.overloaded());
}

TEST_F(LimiterTest, WhatStoodStillIsNoQueue) {
  Run(5, milliseconds(250), 10);
  limiter_.ForgetWaits();
  EXPECT_FALSE(limiter_.overloaded());
}

}  // namespace
}  // namespace switchboard::runtime
