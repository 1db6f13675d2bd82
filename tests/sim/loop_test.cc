// Timers on a clock turned by hand: the ground everything here stands on.
#include "tests/sim/loop.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/base/deadline.h"
#include "tests/sim/process.h"

namespace switchboard::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Awaitable<void> Note(std::vector<int>* out, int value, milliseconds after) {
  Timer timer(co_await asio::this_coro::executor, after);
  co_await timer.async_wait(asio::use_awaitable);
  out->push_back(value);
}

TEST(Loop, TimersFireWhenTheirSimulatedTimeHasComeAndNotBefore) {
  Clock::time_point now{seconds(1)};
  Clock::Simulate(&now);
  {
    Loop loop;
    const auto go_on = [] { return false; };
    std::vector<int> fired;
    for (const int i : {3, 1, 2}) {
      asio::co_spawn(loop.io(), Note(&fired, i, seconds(i)), asio::detached);
    }
    loop.Run(go_on);
    EXPECT_TRUE(fired.empty());
    EXPECT_EQ(loop.wake_at(), now + seconds(1));
    now += seconds(2);
    loop.Run(go_on);
    EXPECT_EQ(fired, (std::vector<int>{1, 2}));
    EXPECT_EQ(loop.wake_at(), now + seconds(1));
    now += milliseconds(999);
    loop.Run(go_on);
    EXPECT_EQ(fired.size(), 2u);
    now += milliseconds(1);
    loop.Run(go_on);
    EXPECT_EQ(fired.size(), 3u);
    EXPECT_EQ(loop.wake_at(), Clock::time_point::max());
  }
  Clock::Simulate(nullptr);
}

TEST(Loop, AProcessThatIsKilledDropsItsCoroutines) {
  Simulation simulation(1, false);
  Broker broker(simulation, Weather());
  int ended = 0;
  Process process(
      broker, "p", [](Process&) { return std::make_unique<Program>(); },
      [&](Process&) { ++ended; });
  process.Run();
  std::vector<int> fired;
  process.Post([&] {
    for (const int i : {1, 2}) {
      asio::co_spawn(process.connection().io(), Note(&fired, i, seconds(i)), asio::detached);
    }
  });
  ASSERT_TRUE(simulation.RunFor(milliseconds(1500)));
  process.Kill();
  ASSERT_TRUE(simulation.RunFor(seconds(10)));
  EXPECT_EQ(fired, (std::vector<int>{1}));
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace switchboard::sim
