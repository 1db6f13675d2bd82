// Private to common/bus: one call of JetStream's JSON API.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/bus/connection.h"

namespace switchboard::bus {

// JetStream's error codes that we tell apart (nats-server's errors.json).
inline constexpr int kErrorStreamNameInUse = 10058;
inline constexpr int kErrorStreamNotFound = 10059;
// A stream refuses what is new; the text says which of its bounds, or another reason.
inline constexpr int kErrorStreamStoreFailed = 10077;
inline constexpr int kErrorWrongLastSequence = 10071;
inline constexpr int kErrorNoLeader = 10008;       // "JetStream system temporarily unavailable"
inline constexpr int kErrorNotLeader = 10009;      // "JetStream cluster can not handle request"
inline constexpr int kErrorStreamOffline = 10118;  // its copies are away
// What a server says that is leaving (lame duck) and has shut its JetStream: others still have it.
inline constexpr int kErrorNotEnabled = 10076;
inline constexpr int kErrorNotEnabledForAccount = 10039;
inline constexpr int kErrorStreamUpdateRefused = 10052;
// What the server says of a message that is gone: between others, and at the stream's ends.
inline constexpr int kErrorNoSuchSequence = 10043;
inline constexpr int kErrorMessageNotDeleted = 10057;

int64_t Nanoseconds(std::chrono::nanoseconds duration);

// Sends a request whose answer is JetStream's JSON; its "error" becomes the status, as below. With
// `idempotent` and on a replicated connection it is sent again, until the deadline, while nobody
// leads the stream or the connection moves to another server.
Awaitable<absl::StatusOr<nlohmann::json>> AskLeader(Connection& connection, std::string subject,
                                                    Headers headers, std::string payload,
                                                    bool idempotent, Deadline deadline,
                                                    int* error_code = nullptr);

// Sends `request` (nothing when null) to `$JS.API.<operation>`. An "error" in the reply becomes a
// status with the server's description; `error_code`, if given, receives its err_code.
// `idempotent`: as for AskLeader.
Awaitable<absl::StatusOr<nlohmann::json>> CallApi(Connection& connection, std::string operation,
                                                  nlohmann::json request, Deadline deadline,
                                                  int* error_code = nullptr,
                                                  bool idempotent = false);

// Ok, or what the "error" object of a JetStream reply says.
absl::Status ApiError(const nlohmann::json& reply, int* error_code);

}  // namespace switchboard::bus
