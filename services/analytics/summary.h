// The figures of a window, computed from the tables at the moment they are asked for: nothing is
// aggregated beforehand, so every window is exact.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "services/analytics/sqlite.h"
#include "services/analytics/window.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::analytics {

// What counts as what:
//   automated    answered, not handed to a person, not refused by a policy
//   unanswered   the answer said that it does not know; refused turns are counted as blocked only
//   confidence   mean over the turns that have an intent
//   latencies    of each agent's calls, those that found nobody listening left out, and of the turn
absl::StatusOr<v1::SummaryReply> Summarize(Database& database, Window window, Deadline deadline);

}  // namespace switchboard::analytics
