// A turn's answer as a person at a terminal reads it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/terminal.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::cli {

// The gateway's JSON. Unavailable when it is none of a TurnReply's.
absl::StatusOr<v1::TurnReply> ParseTurnReply(std::string_view json);

// Citations, what happened, the time at each agent and how to go on. The answer itself comes first
// unless it has been shown already.
std::string FormatAnswer(const v1::TurnReply& reply, bool with_text, const Terminal& terminal);

}  // namespace switchboard::cli
