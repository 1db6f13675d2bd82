// How much work may be in hand at once, found from how long work waits before it is begun.
//
// AIMD on the waiting time, not on the whole latency: a language model that takes three seconds is
// no queue, three hundred requests before it are. In each window of 100 ms the smallest waiting
// time counts, because a burst that drains within a window is no queue either (CoDel, RFC 8289).
// Above the target the limit falls by a fifth; below it, and only while it is nearly reached, the
// limit grows by a sixteenth. Pure: the caller brings the time. One thread.
//
//   if (!limiter.Admits(in_hand)) return refused;
//   limiter.OnStart(++in_hand);
//   …
//   limiter.OnWaited(Clock::now(), waited);
#pragma once

#include <chrono>

#include "common/base/clock.h"

namespace switchboard::runtime {

class Limiter {
 public:
  struct Options {
    // The limit never falls below this: progress goes on, and recovery is noticed.
    int limit_min = 16;
    // Where it begins, and its ceiling.
    int limit_max = 1024;
    // A standing wait longer than this is a queue that grows. A tenth of a second is what a person
    // does not notice (Nielsen, Usability Engineering, 1993).
    std::chrono::milliseconds wait_target{100};
  };

  explicit Limiter(Options options) : options_(options), limit_(options.limit_max) {}

  bool Admits(int in_hand) const { return in_hand < limit(); }
  int limit() const { return static_cast<int>(limit_); }
  // The wait stands at four times the target or more: even work that is done at once is refused, so
  // that the queue drains.
  bool overloaded() const { return overloaded_; }

  // Work was begun; `in_hand` counts it.
  void OnStart(int in_hand);
  // The waits of late say nothing of what is to come: the process or its connection stood still.
  void ForgetWaits();
  // Something waited so long before it was begun.
  void OnWaited(Clock::time_point now, Clock::duration waited);

 private:
  void CloseWindow();

  const Options options_;
  double limit_;
  int peak_ = 0;
  bool overloaded_ = false;
  bool window_open_ = false;
  Clock::time_point window_end_{};
  Clock::duration window_wait_min_{};
};

}  // namespace switchboard::runtime
