// What the storage needs beside its users: a look every few seconds whether it can be written, the
// alert when it cannot, the way back when it can, and the removal of what is older than the
// retention.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "common/runtime/agent.h"
#include "common/runtime/alert.h"
#include "services/analytics/storage.h"
#include "services/analytics/transfer.h"

namespace switchboard::analytics {

class Maintenance {
 public:
  // Sets the consumers back to the beginning of their streams.
  using StartOver = std::function<Awaitable<absl::Status>()>;

  Maintenance(runtime::Agent& agent, std::shared_ptr<Storage> storage, StartOver start_over,
              std::chrono::hours retention);

  // Registers the task, which also tidies up after `transfer`, and the readiness check `storage`
  // with the runtime.
  void Register(std::shared_ptr<Transfer> transfer);

  // One look: opens what is closed, admits what is well, raises or clears the alert. Called once
  // before intake begins, then by the task; never by two at a time.
  Awaitable<void> Look();

  // Something was found broken, or put right: look now. On the loop.
  void Wake();

 private:
  Awaitable<void> Run(std::shared_ptr<Transfer> transfer);
  Awaitable<void> Prune();
  void Stop();

  runtime::Agent& agent_;
  const std::shared_ptr<Storage> storage_;
  const StartOver start_over_;
  const std::chrono::hours retention_;
  Timer wake_;
  runtime::Alert alert_;
  // What the last look found.
  absl::Status state_;
  bool stopped_ = false;
  bool look_again_ = false;
};

}  // namespace switchboard::analytics
