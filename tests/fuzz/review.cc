// critic: a ReviewRequest to its verdict, with the real policies.
#include "services/critic-supervisor/critic/critic.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

const critic::Critic& TheCritic() {
  static const auto* judge = [] {
    auto loaded =
        critic::Critic::Load({"services/critic-supervisor/policies.json",
                              SWITCHBOARD_CRITIC_MESSAGE_MODEL, SWITCHBOARD_CRITIC_PASSAGE_MODEL});
    FUZZ_DEMAND(loaded.ok());
    return new critic::Critic(*std::move(loaded));
  }();
  return *judge;
}

void Examine(const v1::ReviewRequest& request) {
  const critic::Review review = TheCritic().Examine(request);
  if (review.verdict == v1::ReviewReply::ALLOW) {
    FUZZ_DEMAND(request.direction() != v1::ReviewRequest::DIRECTION_UNSPECIFIED);
    FUZZ_DEMAND(review.policy.empty() && review.answer.empty());
    return;
  }
  FUZZ_DEMAND(review.verdict == v1::ReviewReply::BLOCK);
  FUZZ_DEMAND(!review.policy.empty() && !review.reason.empty());
  // Nothing fails inside, but for a request that says no direction.
  const bool judged = request.direction() == v1::ReviewRequest::INPUT ||
                      request.direction() == v1::ReviewRequest::OUTPUT ||
                      request.direction() == v1::ReviewRequest::RETRIEVED;
  FUZZ_DEMAND(!judged || review.policy != "review_failed");
  FUZZ_DEMAND(!TheCritic().CannedAnswer(review.answer, request.language()).empty());
  v1::ReviewReply reply;
  reply.set_verdict(review.verdict);
  reply.set_policy(review.policy);
  reply.set_reason(review.reason);
  fuzz::DemandSound(reply);
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::ReviewRequest)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::ReviewRequest request;
  if (switchboard::fuzz::DecodeRequest(switchboard::fuzz::Text(data, size), &request)) {
    switchboard::Examine(request);
  }
  return 0;
}
