// The monotonic clock of everything that waits or measures, and the timer that goes with it.
//
// One clock for the whole project, so that a simulation can turn it by hand: thousands of timeouts
// pass in a second, and the same seed gives the same run (tests/sim).
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

namespace switchboard {

class Clock {
 public:
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;

  static time_point now() {
    return simulated_ == nullptr ? time_point(std::chrono::steady_clock::now().time_since_epoch())
                                 : *simulated_;
  }

  // For simulations, before anything runs: now() is what `now` says until it is null again. Not
  // owned. A loop under it must be told of its timers by the simulation (tests/sim/loop.h): the
  // system's clock knows nothing of this one.
  static void Simulate(const time_point* now) { simulated_ = now; }
  static bool simulated() { return simulated_ != nullptr; }

 private:
  inline static const time_point* simulated_ = nullptr;
};

using Timer = boost::asio::basic_waitable_timer<Clock>;

}  // namespace switchboard
