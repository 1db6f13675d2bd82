// The monotonic clock of everything that waits or measures, and the timer that goes with it.
//
// One clock for the whole project, so that a simulation can turn it by hand: thousands of timeouts
// pass in a second, and the same seed gives the same run (tests/sim).
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/wait_traits.hpp>
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
  // owned.
  static void Simulate(const time_point* now) { simulated_ = now; }
  static bool simulated() { return simulated_ != nullptr; }

 private:
  inline static const time_point* simulated_ = nullptr;
};

}  // namespace switchboard

namespace boost::asio {

// How long the loop sleeps before it looks at a timer again: under a simulation it never sleeps.
template <>
struct wait_traits<switchboard::Clock> {
  static switchboard::Clock::duration to_wait_duration(
      const switchboard::Clock::duration& duration) {
    return switchboard::Clock::simulated() ? switchboard::Clock::duration::zero() : duration;
  }
  static switchboard::Clock::duration to_wait_duration(
      const switchboard::Clock::time_point& expiry) {
    const auto now = switchboard::Clock::now();
    return to_wait_duration(expiry > now ? expiry - now : switchboard::Clock::duration::zero());
  }
};

}  // namespace boost::asio

namespace switchboard {
using Timer = boost::asio::basic_waitable_timer<Clock>;
}  // namespace switchboard
