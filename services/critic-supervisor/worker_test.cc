#include "services/critic-supervisor/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::critic_supervisor {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(Backoff, IsReadAsWritten) {
  const auto pauses = ParseBackoff("1000,2000,4000");
  ASSERT_TRUE(pauses.ok());
  EXPECT_THAT(*pauses, ElementsAre(milliseconds(1000), milliseconds(2000), milliseconds(4000)));
  EXPECT_TRUE(ParseBackoff("100").ok());
}

TEST(Backoff, RefusesWhatIsNoPause) {
  for (const char* text : {"", "1000,", "1s", "99", "600001", "-1", "1000;2000",
                           "200,200,200,200,200,200,200,200,200,200"}) {
    EXPECT_FALSE(ParseBackoff(text).ok()) << text;
  }
}

TEST(Worker, TellsPoisonFromTrouble) {
  for (const absl::Status& poison :
       {absl::InvalidArgumentError(""), absl::FailedPreconditionError(""),
        absl::AlreadyExistsError(""), absl::NotFoundError("")}) {
    EXPECT_FALSE(MaySucceedLater(poison)) << poison;
  }
  for (const absl::Status& trouble :
       {absl::UnavailableError(""), absl::DeadlineExceededError(""), absl::AbortedError(""),
        absl::ResourceExhaustedError(""), absl::InternalError(""), absl::CancelledError(""),
        absl::DataLossError("")}) {
    EXPECT_TRUE(MaySucceedLater(trouble)) << trouble;
  }
}

v1::TurnRetried Attempt(uint32_t delivery, const std::string& reason) {
  v1::TurnRetried attempt;
  attempt.set_delivery(delivery);
  attempt.set_reason(reason);
  attempt.set_instance_id("0a1b");
  attempt.mutable_at()->set_seconds(1700000000);
  attempt.mutable_at()->set_nanos(250000000);
  return attempt;
}

TEST(History, HasALineForEachDelivery) {
  EXPECT_EQ(JoinHistory({Attempt(1, "UNAVAILABLE: away"), Attempt(3, "INTERNAL: odd")}, 4),
            "1 2023-11-14T22:13:20.250Z 0a1b UNAVAILABLE: away | 2 - - no outcome | "
            "3 2023-11-14T22:13:20.250Z 0a1b INTERNAL: odd | 4 - - no outcome");
  EXPECT_EQ(JoinHistory({}, 0), "");
}

}  // namespace
}  // namespace switchboard::critic_supervisor
