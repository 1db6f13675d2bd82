// A command's connection to the mesh: connects and runs the command's coroutine on a loop of its
// own.

#pragma once

#include <functional>

#include "absl/status/status.h"
#include "cli/command.h"
#include "common/base/asio.h"
#include "common/bus/connection.h"

namespace switchboard::cli {

Flag NatsUrlFlag();
Flag GatewayUrlFlag();
Flag JsonFlag();

// Runs `work` until it returns. Unavailable when NATS cannot be reached, saying where and what to
// do.
absl::Status WithBus(const Arguments& arguments,
                     std::function<Awaitable<absl::Status>(bus::Connection&)> work);

// How long a command waits for an answer from the mesh.
inline constexpr std::chrono::seconds kAnswerWithin{10};

// `url` without user and password.
std::string WithoutCredentials(std::string_view url);

}  // namespace switchboard::cli
