// What the store needs beside its users: a look every few seconds whether it can be written (for
// /readyz), and the removal of what is older than the retention.
#pragma once

#include <chrono>
#include <memory>

#include "common/runtime/agent.h"
#include "services/analytics/store.h"

namespace switchboard::analytics {

class Maintenance {
 public:
  Maintenance(runtime::Agent& agent, std::shared_ptr<Store> store, std::chrono::hours retention)
      : agent_(agent), store_(std::move(store)), retention_(retention), wake_(agent.io()) {}

  // Registers the task and the readiness check with the runtime.
  void Register();

 private:
  Awaitable<void> Run();
  Awaitable<void> Probe();
  Awaitable<void> Prune();
  void Stop();

  runtime::Agent& agent_;
  const std::shared_ptr<Store> store_;
  const std::chrono::hours retention_;
  Timer wake_;
  // What the last probe found.
  absl::Status writable_;
  bool stopped_ = false;
};

}  // namespace switchboard::analytics
