// An Asio loop whose timers follow the simulation's clock, never the machine's.
//
// Asio on Linux learns from a timerfd, through epoll, that a timer is due. loop.cc puts functions
// of its own in the place of the system's, for this whole executable: the timerfd is always
// readable, so that each turn of the loop looks at its timers against Clock::now(), and what Asio
// would have set it to is kept as the moment of the earliest timer. No loop of this executable can
// wait for a socket.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "common/base/asio.h"

namespace switchboard::sim {

class Loop {
 public:
  // Farther than this no timer is seen; the loop is then simply looked at once more.
  static constexpr std::chrono::minutes kFarthestTimer{5};

  asio::io_context& io() { return io_; }

  // Runs what is ready, one handler after the other; after each, `stop` may say that no other shall
  // follow (then false).
  bool Run(const std::function<bool()>& stop);

  // Drops every coroutine and handler where it stands. Their objects may then be destroyed, before
  // the loop itself: timers need it.
  void Abandon() { io_.shutdown(); }

  // When the earliest timer is due, as of the last Run; time_point::max() when there is none.
  Clock::time_point wake_at() const { return wake_at_; }

 private:
  struct Context : asio::io_context {
    Context() : asio::io_context(1) {}
    using asio::execution_context::shutdown;
  };
  Context io_;
  Clock::time_point wake_at_ = Clock::time_point::max();
};

}  // namespace switchboard::sim
