// Versions of the agents' models in the bucket `config`, so that every replica takes up a new one
// while it runs and an operator can go back.
//
//   key model.<name>                   the version in use, as JSON that a person can read
//   key model-part.<version>.<number>  its bytes, in parts that fit into a message
//
// The bucket keeps the last kVersionsMax versions of a name; the parts of older ones are removed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/asio.h"
#include "common/base/deadline.h"
#include "common/bus/connection.h"

namespace switchboard::runtime {

inline constexpr char kConfigBucket[] = "config";
inline constexpr int kVersionsMax = 16;
inline constexpr size_t kModelBytesMax = 64 << 20;

struct ModelVersion {
  // The first 16 digits of its SHA-256; empty: the model that the agent was shipped with.
  std::string id;
  std::string sha256;
  uint64_t bytes = 0;
  uint32_t parts = 0;
  // For people: where it comes from.
  std::string note;
  // RFC 3339, when it was put.
  std::string at;
  // Revision of the bucket that made it the one in use.
  uint64_t revision = 0;
};

class ModelStore {
 public:
  explicit ModelStore(bus::Connection& connection) : connection_(connection) {}

  Awaitable<absl::Status> Ensure(int replicas, Deadline deadline);
  // Stores the bytes and makes them the version in use. InvalidArgument: the name is no name
  // ([a-z][a-z0-9-]*), or no bytes or more than kModelBytesMax.
  Awaitable<absl::StatusOr<ModelVersion>> Put(std::string name, std::string bytes, std::string note,
                                              Deadline deadline);
  // Makes the version before the one in use the one in use again. FailedPrecondition when there is
  // none, or its bytes are gone.
  Awaitable<absl::StatusOr<ModelVersion>> Rollback(std::string name, Deadline deadline);
  // Back to the model that the agents were shipped with.
  Awaitable<absl::Status> Reset(std::string name, Deadline deadline);
  // Oldest first; the last is in use.
  Awaitable<absl::StatusOr<std::vector<ModelVersion>>> History(std::string name, Deadline deadline);
  // DataLoss: parts are missing or are not what was stored.
  Awaitable<absl::StatusOr<std::string>> Get(ModelVersion version, Deadline deadline);

  // An entry's value; a removed one gives the shipped version. DataLoss when it is no version.
  static absl::StatusOr<ModelVersion> Parse(const std::string& value, bool deleted,
                                            uint64_t revision);

 private:
  Awaitable<absl::StatusOr<ModelVersion>> Use(std::string name, ModelVersion version,
                                              Deadline deadline);
  Awaitable<absl::Status> Forget(std::string name, std::vector<ModelVersion> before,
                                 Deadline deadline);

  bus::Connection& connection_;
};

}  // namespace switchboard::runtime
