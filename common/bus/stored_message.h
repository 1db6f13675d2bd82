// Private to common/bus: a message as JetStream's JSON API gives it back.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "common/bus/message.h"

namespace switchboard::bus {

// From the reply of $JS.API.STREAM.MSG.GET, with base64 headers and data (ADR-1): the same message,
// with the same Nats-Stream, -Subject and -Sequence headers, that a direct get returns (ADR-31).
// Internal: the reply is not of that shape.
absl::StatusOr<Message> ToStoredMessage(const nlohmann::json& reply, std::string_view stream);

}  // namespace switchboard::bus
