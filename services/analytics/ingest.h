// From the streams into the store: decodes a batch, commits it, and only then lets it be
// acknowledged.
//
// A message that can never be stored goes to `mesh.dead.analytics`, whole, with its reason. Storage
// that fails gives the batch back: the stream keeps it until the storage works again.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/bus/jetstream.h"
#include "common/runtime/agent.h"
#include "services/analytics/storage.h"
#include "switchboard/v1/operator.pb.h"

namespace switchboard::analytics {

inline constexpr char kTurnsConsumer[] = "analytics";
inline constexpr char kFeedbackConsumer[] = "analytics-feedback";

class Ingest {
 public:
  Ingest(runtime::Agent& agent, std::shared_ptr<Storage> storage);

  // Makes sure of the streams.
  Awaitable<absl::Status> Prepare();

  // Forgets how far the consumers had come, so that all that the streams hold is read again: into a
  // new file, or into another one, which takes what it does not have yet.
  Awaitable<absl::Status> StartOver();

  // A message that went to the dead letters and stands in its stream still. InvalidArgument when it
  // cannot be stored now either.
  Awaitable<absl::StatusOr<v1::RedeliverReply>> Redeliver(v1::RedeliverRequest request);

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
  const std::shared_ptr<Storage> storage_;
  bus::Consumer turns_;
  bus::Consumer feedback_;
};

}  // namespace switchboard::analytics
