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

}  // namespace
}  // namespace switchboard::critic_supervisor
