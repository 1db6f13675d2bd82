#include "common/conversation/work_history.h"

#include <gtest/gtest.h>

namespace switchboard::conversation {
namespace {

v1::TurnRetried Attempt(uint32_t delivery, const std::string& reason) {
  v1::TurnRetried attempt;
  attempt.set_delivery(delivery);
  attempt.set_reason(reason);
  attempt.set_instance_id("0a1b");
  attempt.mutable_at()->set_seconds(1700000000);
  attempt.mutable_at()->set_nanos(250000000);
  return attempt;
}

TEST(WorkHistory, HasALineForEachDelivery) {
  EXPECT_EQ(JoinHistory({Attempt(1, "UNAVAILABLE: away"), Attempt(3, "INTERNAL: odd")}, 4),
            "1 2023-11-14T22:13:20.250Z 0a1b UNAVAILABLE: away | 2 - - no outcome | "
            "3 2023-11-14T22:13:20.250Z 0a1b INTERNAL: odd | 4 - - no outcome");
  EXPECT_EQ(JoinHistory({}, 0), "");
}

TEST(WorkPlace, IsReadFromTheSubject) {
  EXPECT_EQ(PlaceOfWork("mesh.work.webhook.c.t").origin, "webhook");
  EXPECT_EQ(PlaceOfWork("mesh.work.webhook.c.t").suffix, "c.t");
  EXPECT_EQ(PlaceOfWork("mesh.work.odd").origin, "work");
  EXPECT_EQ(PlaceOfWork("mesh.work.odd").suffix, "");
}

}  // namespace
}  // namespace switchboard::conversation
