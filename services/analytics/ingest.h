// From the streams into the store: decodes a batch, commits it, and only then lets it be
// acknowledged.
//
// A message that can never be stored goes to `mesh.dead.analytics`, whole, with its reason. A store
// that fails gives the batch back: the stream keeps it until the store works again.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/bus/jetstream.h"
#include "common/runtime/agent.h"
#include "services/analytics/store.h"

namespace switchboard::analytics {

inline constexpr char kTurnsConsumer[] = "analytics";
inline constexpr char kFeedbackConsumer[] = "analytics-feedback";

class Ingest {
 public:
  Ingest(runtime::Agent& agent, std::shared_ptr<Store> store);

  // Makes sure of the streams. With a store that is empty it also forgets how far the
  // consumers had come, so that all that the streams hold is read into the new file.
  Awaitable<absl::Status> Prepare();

  // Registers both consumers with the runtime, which runs and stops them.
  void Register();

 private:
  Awaitable<absl::Status> HandleTurns(std::span<const bus::Message> batch);
  Awaitable<absl::Status> HandleFeedback(std::span<const bus::Message> batch);
  Awaitable<absl::Status> ForgetPosition(std::string stream, std::string consumer);
  // What was wrong with a message, by its place in the batch.
  using Rejects = std::vector<std::pair<size_t, std::string>>;
  Awaitable<absl::Status> Bury(std::span<const bus::Message> batch, Rejects rejects);

  runtime::Agent& agent_;
  const std::shared_ptr<Store> store_;
  bus::Consumer turns_;
  bus::Consumer feedback_;
};

}  // namespace switchboard::analytics
