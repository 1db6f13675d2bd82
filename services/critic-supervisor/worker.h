// Takes asynchronous turns from WORK and answers them by the same code as synchronous ones.
//
//   take → conduct → commit → (webhook) → acknowledge
//
// What fails for a while is delivered again after a growing pause, at most five times in all; what
// can never succeed goes to DEAD at once (dead_turns.h, docs/adr/0007-work-queue.md). A turn that
// is conducted twice gets one answer: the commit sees to that.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/bus/work_consumer.h"
#include "common/runtime/context.h"
#include "services/critic-supervisor/dead_turns.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::critic_supervisor {

// A record's writer relies on the streams' memory of ids, two minutes
// (docs/adr/0011-one-successor).
inline constexpr int kTurnTimeoutMsMax = 120000;

struct WorkerOptions {
  // Turns in hand at once.
  int in_flight_max = 16;
  // One delivery may take so long.
  std::chrono::milliseconds turn_timeout{30000};
  // Pauses between deliveries; one more delivery than pauses.
  std::vector<std::chrono::milliseconds> backoff{conversation::kWorkBackoff.begin(),
                                                 conversation::kWorkBackoff.end()};
  // Between two looks for what was given up unnoticed.
  std::chrono::milliseconds sweep_interval{30000};
};

// Whether the same turn may succeed later. What cannot is poison.
bool MaySucceedLater(const absl::Status& error);

class Worker {
 public:
  using Conduct =
      std::function<Awaitable<absl::StatusOr<v1::TurnReply>>(runtime::Context, v1::TurnRequest)>;

  Worker(bus::Connection& bus, std::string instance_id, Conduct conduct, WorkerOptions options);

  // Takes and answers turns until Stop(), and until those in hand have ended.
  Awaitable<void> RunTurns();
  // Buries what the server gave up, until Stop().
  Awaitable<void> RunExhausted();
  Awaitable<void> RunSweep();
  // Takes no further turn; what has not begun goes back.
  void Stop();

 private:
  Awaitable<bus::Settlement> Handle(std::shared_ptr<const bus::Message> message);
  Awaitable<bus::Settlement> Answered(std::shared_ptr<const bus::Message> message,
                                      v1::TurnWork work, v1::TurnReply reply);
  Awaitable<bus::Settlement> Failed(std::shared_ptr<const bus::Message> message,
                                    absl::Status error);

  bus::Connection& bus_;
  const std::string instance_id_;
  const Conduct conduct_;
  const WorkerOptions options_;
  conversation::WorkQueue queue_;
  DeadTurns dead_;
  bus::WorkConsumer turns_;
  bus::Consumer exhausted_;
  Timer sweep_timer_;
  bool stopped_ = false;
};

}  // namespace switchboard::critic_supervisor
