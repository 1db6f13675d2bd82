#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/observability/metrics.h"
#include "common/observability/trace.h"

namespace switchboard {
namespace {

using ::testing::HasSubstr;

TEST(Trace, ParsesWhatItWrites) {
  const trace::Context context = trace::NewTrace();
  const auto parsed = trace::Parse(context.traceparent());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->trace_id, context.trace_id);
  const trace::Context child = trace::Child(*parsed);
  EXPECT_EQ(child.trace_id, context.trace_id);
  EXPECT_NE(child.span_id, context.span_id);
}

TEST(Trace, RefusesWhatIsNotATraceparent) {
  for (const char* text :
       {"", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    EXPECT_FALSE(trace::Parse(text).has_value()) << text;
  }
}

TEST(Metrics, TheSameNameAndLabelsGiveTheSameCounter) {
  metrics::Counter("switchboard_test_total", "Test.", {{"a", "1"}}).Increment();
  metrics::Counter("switchboard_test_total", "Test.", {{"a", "1"}}).Increment();
  EXPECT_THAT(metrics::Expose(), HasSubstr("switchboard_test_total{a=\"1\"} 2"));
}

}  // namespace
}  // namespace switchboard
