// Private to common/bus: nats.c's options from ours.
#pragma once

#include <nats/nats.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/bus/connection.h"

namespace switchboard::bus {

struct NatsOptionsDeleter {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using NatsOptionsPtr = std::unique_ptr<natsOptions, NatsOptionsDeleter>;

// InvalidArgument names what nats.c refused.
absl::StatusOr<NatsOptionsPtr> ToNatsOptions(const Options& options);

// The absl code that fits nats.c's.
absl::Status FromNats(natsStatus status, std::string_view doing);

// The URL without user and password, for logs and errors.
std::string WithoutCredentials(std::string_view url);

}  // namespace switchboard::bus
