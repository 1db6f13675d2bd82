#include "services/analytics/window.h"

#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include "common/base/fault.h"

namespace switchboard::analytics {
namespace {

using google::protobuf::util::TimeUtil;

constexpr int64_t kNow = 1'790'000'000'000;
constexpr int64_t kHour = 3'600'000;

struct LengthCase {
  const char* what;
  const char* text;
  int64_t expected_ms;  // 0: refused
};

TEST(ParseWindow, ReadsANumberAndAUnit) {
  const LengthCase cases[] = {
      {"one second", "1s", 1000},
      {"a quarter of an hour", "15m", 15 * 60'000},
      {"a day in hours", "24h", 24 * kHour},
      {"a week", "7d", 7 * 24 * kHour},
      {"six digits are the most", "999999s", 999'999'000},
      {"seven digits are too many", "1000000s", 0},
      {"no unit", "15", 0},
      {"no number", "h", 0},
      {"nothing", "", 0},
      {"zero", "0h", 0},
      {"a leading zero", "01h", 0},
      {"negative", "-1h", 0},
      {"a fraction", "1.5h", 0},
      {"an unknown unit", "3w", 0},
      {"two units", "1h30m", 0},
      {"a space", "1 h", 0},
  };
  for (const LengthCase& c : cases) {
    const auto result = ParseWindowMs(c.text);
    if (c.expected_ms == 0) {
      EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << c.what;
      EXPECT_EQ(FieldOf(result.status()), "window") << c.what;
    } else {
      ASSERT_TRUE(result.ok()) << c.what << ": " << result.status();
      EXPECT_EQ(*result, c.expected_ms) << c.what;
    }
  }
}

v1::SummaryRequest Request(const char* window, const char* from, const char* to) {
  v1::SummaryRequest request;
  request.set_window(window);
  const bool from_read = *from == 0 || TimeUtil::FromString(from, request.mutable_from());
  const bool to_read = *to == 0 || TimeUtil::FromString(to, request.mutable_to());
  EXPECT_TRUE(from_read && to_read) << "the test's own times are wrong";
  return request;
}

struct WindowCase {
  const char* what;
  const char* window;
  const char* from;
  const char* to;
  int64_t from_ms, to_ms;
  const char* field;  // at fault; empty: accepted
};

TEST(ResolveWindow, TakesAWindowOrBothEnds) {
  const char* noon = "2026-10-01T12:00:00Z";
  const char* one = "2026-10-01T13:00:00Z";
  const int64_t noon_ms = 1'790'856'000'000;
  const WindowCase cases[] = {
      {"nothing asked is the last day", "", "", "", kNow + 1 - 24 * kHour, kNow + 1, ""},
      {"an hour back from now", "1h", "", "", kNow + 1 - kHour, kNow + 1, ""},
      {"longer than the calendar stops at 1970", "999999d", "", "", 0, kNow + 1, ""},
      {"both ends", "", noon, one, noon_ms, noon_ms + kHour, ""},
      {"an offset is honoured", "", "2026-10-01T14:00:00+02:00", one, noon_ms, noon_ms + kHour, ""},
      {"before 1970 stops at 1970", "", "1960-01-01T00:00:00Z", noon, 0, noon_ms, ""},
      {"a window and an end", "1h", "", noon, 0, 0, "window"},
      {"only from", "", noon, "", 0, 0, "to"},
      {"only to", "", "", noon, 0, 0, "from"},
      {"turned round", "", one, noon, 0, 0, "from"},
      {"empty", "", noon, noon, 0, 0, "from"},
      {"an unreadable window", "soon", "", "", 0, 0, "window"},
  };
  for (const WindowCase& c : cases) {
    const auto result = ResolveWindow(Request(c.window, c.from, c.to), kNow);
    if (*c.field != 0) {
      EXPECT_EQ(FieldOf(result.status()), c.field) << c.what;
      EXPECT_FALSE(RemedyOf(result.status()).empty()) << c.what;
      continue;
    }
    ASSERT_TRUE(result.ok()) << c.what << ": " << result.status();
    EXPECT_EQ(result->from_ms, c.from_ms) << c.what;
    EXPECT_EQ(result->to_ms, c.to_ms) << c.what;
  }
}

TEST(ResolveWindow, RefusesATimeOutsideTheCalendar) {
  v1::SummaryRequest request;
  request.mutable_from()->set_seconds(1);
  request.mutable_to()->set_seconds(999'999'999'999'999);
  EXPECT_EQ(FieldOf(ResolveWindow(request, kNow).status()), "to");
}

}  // namespace
}  // namespace switchboard::analytics
