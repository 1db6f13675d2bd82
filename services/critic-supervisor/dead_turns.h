// Where asynchronous turns end that cannot be answered: the message goes whole into DEAD with its
// reason and the history of its deliveries, and leaves WORK.
//
// Three ways lead here: the worker gives up (poison, or the last delivery failed), the server gives
// up (every delivery ended in silence: its advisory, which WORK keeps, says so), and the sweep (the
// advisory itself was lost, because WORK was full).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "common/bus/jetstream.h"
#include "common/conversation/work_history.h"
#include "common/conversation/work_queue.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::critic_supervisor {

inline constexpr char kTurnsConsumer[] = "turns";
inline constexpr char kExhaustedConsumer[] = "exhausted";

class DeadTurns {
 public:
  explicit DeadTurns(bus::Connection& bus)
      : bus_(bus), queue_(bus, "critic-supervisor"), history_(bus, "critic-supervisor") {}

  // Stores `message` in DEAD, and the news for its webhook. `last` is the delivery that failed just
  // now. Once Ok the message may be settled.
  Awaitable<absl::Status> Bury(const bus::Message* message, std::string reason,
                               v1::TurnRetried last);

  // Keeps that a delivery brought no answer and another follows.
  Awaitable<absl::Status> Remember(const bus::Message* message, v1::TurnRetried attempt);

  // Whether the turn of `message` has its answer after all; then its webhook is told, too. Once
  // true the message may be settled.
  Awaitable<absl::StatusOr<bool>> FinishAnswered(const bus::Message* message);

  // Advisories about messages that the server has given up. Each is handled, whatever becomes of
  // the others; an error gives all back, and those that were handled find nothing to do. One that
  // cannot be read goes to DEAD.
  Awaitable<absl::Status> HandleExhausted(std::span<const bus::Message> advisories);

  // Buries what was given up without an advisory, turns and webhooks: all that was, while none of
  // them is in hand anywhere; else what was given up before the last such moment.
  Awaitable<absl::Status> Sweep();

 private:
  // The message of WORK with that sequence, given up after `deliveries` (0: not known).
  Awaitable<absl::Status> BuryAbandoned(uint64_t sequence, uint64_t deliveries);
  // `durable` is the consumer of what lies below `prefix`.
  Awaitable<absl::Status> SweepOne(std::string durable, std::string prefix);
  // Tells the webhook, if there is one; when WORK is full, the news goes to DEAD.
  Awaitable<absl::Status> Finish(const bus::Message* message, v1::TurnStatus outcome);

  bus::Connection& bus_;
  conversation::WorkQueue queue_;
  conversation::WorkHistory history_;
};

}  // namespace switchboard::critic_supervisor
