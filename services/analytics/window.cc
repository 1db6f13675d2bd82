#include "services/analytics/window.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "common/base/fault.h"

namespace switchboard::analytics {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kDayMs = 24 * 3600 * kSecondMs;
// The contract's pattern: [1-9][0-9]{0,5}[smhd].
constexpr size_t kWindowDigitsMax = 6;
constexpr char kRemedyWindow[] = "send a number and a unit, such as 15m, 24h or 7d";
constexpr char kRemedyTimes[] =
    "send both as RFC 3339 times, from before to, or send only a window";

int64_t UnitMs(char unit) {
  switch (unit) {
    case 's':
      return kSecondMs;
    case 'm':
      return 60 * kSecondMs;
    case 'h':
      return 3600 * kSecondMs;
    case 'd':
      return kDayMs;
    default:
      return 0;
  }
}

absl::StatusOr<int64_t> TimeMs(std::string_view field, const Timestamp& time) {
  if (!IsTime(time)) return InvalidField(field, "is not a time", kRemedyTimes);
  return std::max<int64_t>(0, TimeUtil::TimestampToMilliseconds(time));
}

}  // namespace

bool IsTime(const Timestamp& time) {
  return time.seconds() >= TimeUtil::kTimestampMinSeconds &&
         time.seconds() <= TimeUtil::kTimestampMaxSeconds && time.nanos() >= 0 &&
         time.nanos() < 1'000'000'000;
}

absl::StatusOr<int64_t> ParseWindowMs(std::string_view text) {
  const size_t digits = text.empty() ? 0 : text.size() - 1;
  bool good = digits >= 1 && digits <= kWindowDigitsMax && text[0] != '0';
  int64_t count = 0;
  for (size_t i = 0; good && i < digits; ++i) {
    good = text[i] >= '0' && text[i] <= '9';
    count = count * 10 + (text[i] - '0');
  }
  const int64_t unit = good ? UnitMs(text.back()) : 0;
  if (unit == 0) return InvalidField("window", "is not a length of time", kRemedyWindow);
  return count * unit;
}

absl::StatusOr<Window> ResolveWindow(const v1::SummaryRequest& request, int64_t now_ms) {
  if (!request.has_from() && !request.has_to()) {
    int64_t length_ms = kDayMs;
    if (!request.window().empty()) {
      ASSIGN_OR_RETURN(length_ms, ParseWindowMs(request.window()));
    }
    const int64_t to_ms = now_ms + 1;
    return Window{std::max<int64_t>(0, to_ms - length_ms), to_ms};
  }
  if (!request.window().empty()) {
    return InvalidField("window", "is given beside from or to",
                        "send either a window or both from and to");
  }
  if (!request.has_from()) return InvalidField("from", "is missing", kRemedyTimes);
  if (!request.has_to()) return InvalidField("to", "is missing", kRemedyTimes);
  Window window;
  ASSIGN_OR_RETURN(window.from_ms, TimeMs("from", request.from()));
  ASSIGN_OR_RETURN(window.to_ms, TimeMs("to", request.to()));
  if (window.from_ms >= window.to_ms) {
    return InvalidField("from", "is not before to", kRemedyTimes);
  }
  return window;
}

}  // namespace switchboard::analytics
