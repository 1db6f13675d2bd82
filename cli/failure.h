// How a command fails: exit code 2 when it was written wrongly, 1 when it could not be done.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace switchboard::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// The command line is wrong; the dispatcher adds where its help stands.
absl::Status UsageError(std::string_view what);
int ExitCode(const absl::Status& status);

// "what: what to do" in one line, as the person at the terminal reads it.
std::string Describe(const absl::Status& status);

}  // namespace switchboard::cli
