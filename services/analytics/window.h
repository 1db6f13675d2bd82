// The time window a summary is asked for.
//
//   ASSIGN_OR_RETURN(Window window, ResolveWindow(request, now_ms));
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::analytics {

// [from, to), Unix milliseconds.
struct Window {
  int64_t from_ms = 0;
  int64_t to_ms = 0;
};

// "15m", "24h", "7d" back from `now_ms` (the millisecond of now included), 24 hours when nothing is
// asked, or the request's own from and to. Windows begin in 1970 at the earliest. InvalidArgument
// names the field: window beside from or to, one of the two missing, from not before to, a time
// that is no time.
absl::StatusOr<Window> ResolveWindow(const v1::SummaryRequest& request, int64_t now_ms);

// True when `time` lies within the calendar that protobuf defines (years 1 to 9999).
bool IsTime(const google::protobuf::Timestamp& time);

// Milliseconds of "15m" and the like: a number of at most 6 digits without a leading zero and one
// of s, m, h, d. InvalidArgument naming `window`.
absl::StatusOr<int64_t> ParseWindowMs(std::string_view text);

}  // namespace switchboard::analytics
