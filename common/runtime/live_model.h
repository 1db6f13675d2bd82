// An agent's model that operators replace while the agent runs (`switchboard model`).
//
//   auto live = std::make_shared<LiveModel>(agent, "intents", TakeUp);
//   agent.OnStart([live] { return live->Start(); });
//   agent.Spawn("live-model", [live] { return live->Run(); }, [live] { live->Stop(); });
//
// What cannot be loaded changes nothing: the agent keeps the model it has, says so in its log and
// counts it in switchboard_model_rejected_total; the version in use is the label of
// switchboard_model_info. Belongs to the agent's loop.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/bus/key_value.h"
#include "common/observability/metrics.h"
#include "common/runtime/agent.h"
#include "common/runtime/model_store.h"

namespace switchboard::runtime {

class LiveModel {
 public:
  // Replaces the model in use by these bytes, or by the shipped one (nullopt); an error leaves it
  // as it is.
  using TakeUp = std::function<Awaitable<absl::Status>(std::optional<std::string> bytes)>;

  LiveModel(Agent& agent, std::string name, TakeUp take_up);

  // Takes up what the bucket holds before the first request comes, within kStartWithin; without a
  // bus or with a damaged version the shipped model serves. Never fails.
  Awaitable<absl::Status> Start();
  // Takes up every change until Stop().
  Awaitable<void> Run();
  void Stop();

  static constexpr std::chrono::seconds kStartWithin{3};

 private:
  Awaitable<void> Follow(ModelVersion version, Deadline deadline);
  void Watch();
  void Show(const std::string& id);

  Agent& agent_;
  const std::string name_;
  const TakeUp take_up_;
  ModelStore store_;
  bus::KeyValue bucket_;
  Timer wake_;
  asio::cancellation_signal stop_watch_;
  std::optional<ModelVersion> wanted_;
  // Of the version in use; empty: the shipped one.
  std::string current_;
  prometheus::Gauge* shown_ = nullptr;
  bool caught_up_ = false;
  bool watching_ = false;
  bool stopped_ = false;
};

}  // namespace switchboard::runtime
