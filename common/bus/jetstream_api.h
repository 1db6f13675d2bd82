// Private to common/bus: one call of JetStream's JSON API.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/bus/connection.h"

namespace switchboard::bus {

// JetStream's error codes that we tell apart (nats-server's errors.json).
inline constexpr int kErrorStreamNameInUse = 10058;
inline constexpr int kErrorWrongLastSequence = 10071;
inline constexpr int kErrorStreamUpdateRefused = 10052;
// What the server says of a message that is gone: between others, and at the stream's ends.
inline constexpr int kErrorNoSuchSequence = 10043;
inline constexpr int kErrorMessageNotDeleted = 10057;

int64_t Nanoseconds(std::chrono::nanoseconds duration);

// Sends `request` (nothing when null) to `$JS.API.<operation>`. An "error" in the reply becomes a
// status with the server's description; `error_code`, if given, receives its err_code.
Awaitable<absl::StatusOr<nlohmann::json>> CallApi(Connection& connection, std::string operation,
                                                  nlohmann::json request, Deadline deadline,
                                                  int* error_code = nullptr);

// Ok, or what the "error" object of a JetStream reply says.
absl::Status ApiError(const nlohmann::json& reply, int* error_code);

}  // namespace switchboard::bus
