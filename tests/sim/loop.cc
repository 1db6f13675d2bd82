#include "tests/sim/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <vector>

namespace {

// Of the loop that looked at its timers last.
std::chrono::microseconds earliest_timer{0};

// As Asio registered it, by the loop's epoll descriptor: small numbers, reused.
std::vector<epoll_event> timer_events;
int newest_timer = -1;

}  // namespace

extern "C" int timerfd_create(int, int) {
  return newest_timer = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
}

extern "C" int timerfd_settime(int, int, const itimerspec* value, itimerspec*) {
  // Asio writes one nanosecond for "now".
  earliest_timer = std::chrono::seconds(value->it_value.tv_sec) +
                   std::chrono::microseconds(value->it_value.tv_nsec / 1000);
  return 0;
}

// A loop here has no descriptors but its own, so nothing need be asked of the kernel: the timers
// are always worth a look.
extern "C" int epoll_ctl(int epoll, int, int descriptor, epoll_event* event) {
  if (descriptor != newest_timer || event == nullptr) return 0;
  const auto index = static_cast<size_t>(epoll);
  if (index >= timer_events.size()) timer_events.resize(index + 1);
  timer_events[index] = *event;
  return 0;
}

extern "C" int epoll_wait(int epoll, epoll_event* events, int, int) {
  events[0] = timer_events[static_cast<size_t>(epoll)];
  events[0].events = EPOLLIN;
  return 1;
}

// nats.c gives messages back on a thread of its own; waking it costs more than half of a
// simulation. "No" lets the caller free them at once.
extern "C" bool natsGC_collect(void*) { return false; }

namespace switchboard::sim {

bool Loop::Run(const std::function<bool()>& stop) {
  io_.restart();
  earliest_timer = kFarthestTimer;
  while (io_.poll_one() > 0) {
    if (stop()) return false;
  }
  wake_at_ =
      earliest_timer >= kFarthestTimer ? Clock::time_point::max() : Clock::now() + earliest_timer;
  return true;
}

}  // namespace switchboard::sim
