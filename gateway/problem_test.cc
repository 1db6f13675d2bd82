#include "gateway/problem.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/fault.h"
#include "gateway/pages.h"

namespace switchboard::gateway {
namespace {

TEST(Problem, MapsEveryCode) {
  const struct {
    const char* sentence;
    absl::Status error;
    unsigned status;
    const char* type;
  } cases[] = {
      {"a bad field", InvalidField("text", "is empty", "send some"), 400, "invalid-argument"},
      {"a body that is no JSON", OfKind(absl::InvalidArgumentError(""), "invalid-json"), 400,
       "invalid-json"},
      {"nobody signed in", absl::UnauthenticatedError(""), 401, "unauthenticated"},
      {"somebody who may not", absl::PermissionDeniedError(""), 403, "permission-denied"},
      {"no such conversation", absl::NotFoundError(""), 404, "not-found"},
      {"no such verb", absl::UnimplementedError(""), 404, "not-found"},
      {"a wrong method", OfKind(absl::InvalidArgumentError(""), "method-not-allowed"), 405,
       "method-not-allowed"},
      {"a slow request", OfKind(absl::DeadlineExceededError(""), "request-timeout"), 408,
       "request-timeout"},
      {"a lost race", absl::AbortedError(""), 409, "conflict"},
      {"what exists already", absl::AlreadyExistsError(""), 409, "conflict"},
      {"a closed conversation", absl::FailedPreconditionError(""), 409, "failed-precondition"},
      {"a large body", OfKind(absl::InvalidArgumentError(""), "payload-too-large"), 413,
       "payload-too-large"},
      {"a form", OfKind(absl::InvalidArgumentError(""), "unsupported-media-type"), 415,
       "unsupported-media-type"},
      {"a key used for something else", WithField(absl::AlreadyExistsError(""), "Idempotency-Key"),
       422, "idempotency-key-reused"},
      {"too much at once", absl::ResourceExhaustedError(""), 429, "resource-exhausted"},
      {"large headers", OfKind(absl::InvalidArgumentError(""), "headers-too-large"), 431,
       "headers-too-large"},
      {"a caller that left", absl::CancelledError(""), 499, "cancelled"},
      {"a fault of ours", absl::InternalError(""), 500, "internal"},
      {"a fault nobody thought of", absl::UnknownError(""), 500, "internal"},
      {"lost data", absl::DataLossError(""), 500, "internal"},
      {"a kind that does not exist", OfKind(absl::NotFoundError(""), "no-such-kind"), 500,
       "internal"},
      {"an agent that is away", absl::UnavailableError(""), 503, "unavailable"},
      {"a late answer", absl::DeadlineExceededError(""), 504, "deadline-exceeded"},
  };
  std::set<std::string> seen;
  for (const auto& test : cases) {
    SCOPED_TRACE(test.sentence);
    const v1::Problem problem = ToProblem(test.error, "4bf9");
    EXPECT_EQ(problem.status(), test.status);
    EXPECT_EQ(problem.type(), std::string("/docs/errors#") + test.type);
    EXPECT_EQ(problem.trace_id(), "4bf9");
    EXPECT_FALSE(problem.title().empty());
    EXPECT_FALSE(problem.remedy().empty());
    seen.insert(test.type);
  }
  EXPECT_EQ(seen.size(), ProblemKinds().size()) << "a kind that nothing leads to";
}

TEST(Problem, CarriesFieldAndRemedyOfTheError) {
  const v1::Problem problem = ToProblem(InvalidField("text", "is empty", "send some"), "");
  EXPECT_EQ(problem.detail(), "text is empty");
  EXPECT_EQ(problem.field(), "text");
  EXPECT_EQ(problem.remedy(), "send some");
}

TEST(Problem, KeepsWhatWentWrongInsideToItself) {
  const v1::Problem problem =
      ToProblem(WithField(absl::InternalError("table turns: disk I/O error"), "db"), "4bf9");
  EXPECT_EQ(problem.detail().find("disk"), std::string::npos);
  EXPECT_TRUE(problem.field().empty());
}

TEST(Problem, AsksToWaitWholeSecondsWhenOverloadedOrAway) {
  EXPECT_EQ(RetryAfterSeconds(absl::UnavailableError("")), 1);
  EXPECT_EQ(RetryAfterSeconds(WithRetryAfterMs(absl::ResourceExhaustedError(""), 1001)), 2);
  EXPECT_EQ(RetryAfterSeconds(WithRetryAfterMs(absl::InvalidArgumentError(""), 1001)), 0);
}

TEST(Problem, EveryKindHasItsPlaceOnThePage) {
  for (const ProblemKind& kind : ProblemKinds()) {
    EXPECT_NE(ErrorsPage().find("id=\"" + std::string(kind.slug) + "\""), std::string::npos)
        << kind.slug;
  }
}

}  // namespace
}  // namespace switchboard::gateway
