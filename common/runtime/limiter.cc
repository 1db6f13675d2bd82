#include "common/runtime/limiter.h"

#include <algorithm>

namespace switchboard::runtime {
namespace {

constexpr std::chrono::milliseconds kWindow{100};
constexpr double kDecrease = 0.8;
constexpr double kIncrease = 1.0 / 16;
// The share of the limit from which it counts as reached.
constexpr double kReached = 0.8;
constexpr int kOverloadFactor = 4;
// Whoever works measures every tenth of a second: what was measured before such a pause says
// nothing about now.
constexpr std::chrono::seconds kIdle{1};

}  // namespace

void Limiter::OnStart(int in_hand) { peak_ = std::max(peak_, in_hand); }

void Limiter::ForgetWaits() {
  window_open_ = false;
  overloaded_ = false;
}

void Limiter::OnWaited(Clock::time_point now, Clock::duration waited) {
  if (window_open_ && now - waited >= window_end_ + kIdle) window_open_ = false;
  if (window_open_ && now >= window_end_) CloseWindow();
  if (!window_open_) {
    window_open_ = true;
    window_end_ = now + kWindow;
    window_wait_min_ = waited;
  }
  window_wait_min_ = std::min(window_wait_min_, waited);
}

void Limiter::CloseWindow() {
  if (window_wait_min_ > options_.wait_target) {
    limit_ = std::max<double>(options_.limit_min, limit_ * kDecrease);
  } else if (peak_ >= limit_ * kReached) {
    limit_ = std::min<double>(options_.limit_max, limit_ + std::max(1.0, limit_ * kIncrease));
  }
  overloaded_ = window_wait_min_ > kOverloadFactor * options_.wait_target;
  peak_ = 0;
  window_open_ = false;
}

}  // namespace switchboard::runtime
