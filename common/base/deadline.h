// A moment on the monotonic clock after which nobody waits for the result any more.
//
// Between processes a deadline travels as the remaining milliseconds (`Mesh-Deadline-Ms`), never as
// a time of day: clocks of different machines disagree.
#pragma once

#include <algorithm>
#include <chrono>

#include "common/base/clock.h"

namespace switchboard {

class Deadline {
 public:
  static Deadline After(std::chrono::nanoseconds remaining) {
    return Deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(remaining));
  }

  explicit Deadline(Clock::time_point at) : at_(at) {}

  Clock::time_point at() const { return at_; }
  bool expired() const { return Clock::now() >= at_; }

  // Time left, never negative.
  std::chrono::milliseconds Remaining() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }

  // A deadline for part of the work: this one, or `limit` from now, whichever is sooner.
  Deadline Child(std::chrono::nanoseconds limit) const {
    return Deadline(std::min(at_, After(limit).at_));
  }

  // A deadline that leaves `reserve` of this one for what comes after the part.
  Deadline Less(std::chrono::nanoseconds reserve) const {
    return Deadline(at_ - std::chrono::duration_cast<Clock::duration>(reserve));
  }

 private:
  Clock::time_point at_;
};

}  // namespace switchboard
