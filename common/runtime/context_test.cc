#include "common/runtime/context.h"

#include <gtest/gtest.h>

namespace switchboard::runtime {
namespace {

std::string Find(const bus::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(Context, ADeadlineTravelsAsWhatRemains) {
  Context context;
  context.turn_id = "t-1";
  context = context.WithDeadline(Deadline::After(std::chrono::milliseconds(500)));
  const bus::Headers headers = RequestHeaders(context, "switchboard.v1.ClassifyRequest", "gateway");
  const int remaining_ms = std::stoi(Find(headers, kHeaderDeadline));
  EXPECT_LE(remaining_ms, 500);
  EXPECT_GT(remaining_ms, 0);
  EXPECT_EQ(Find(headers, kHeaderTurn), "t-1");
  EXPECT_EQ(Find(headers, kHeaderTrace), context.trace.traceparent());
  EXPECT_EQ(Find(headers, kHeaderConversation), "");
}

TEST(Context, WithDeadlineNeverAddsTime) {
  Context context;
  context.deadline = Deadline::After(std::chrono::milliseconds(10));
  const Context later = context.WithDeadline(Deadline::After(std::chrono::hours(1)));
  EXPECT_EQ(later.deadline.at(), context.deadline.at());
}

}  // namespace
}  // namespace switchboard::runtime
