#include "services/critic-supervisor/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::critic_supervisor {
namespace {

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
