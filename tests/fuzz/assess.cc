// escalation: an AssessRequest to its assessment, with the real signals and model.
#include "services/escalation/assessor.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

const escalation::Assessor& TheAssessor() {
  static const auto* assessor = [] {
    auto loaded = escalation::Assessor::Load("services/escalation/data/signals.json",
                                             SWITCHBOARD_ESCALATION_MODEL);
    FUZZ_DEMAND(loaded.ok());
    return new escalation::Assessor(*std::move(loaded));
  }();
  return *assessor;
}

void Examine(const v1::AssessRequest& request) {
  const v1::AssessReply reply = TheAssessor().Assess(request);
  fuzz::DemandSound(reply);
  FUZZ_DEMAND(reply.frustration() >= 0 && reply.frustration() <= 1);
  FUZZ_DEMAND(reply.escalate() == !reply.reasons().empty());
  if (reply.escalate()) FUZZ_DEMAND(!reply.priority().empty() && !reply.team().empty());
  if (!reply.immediate_words().empty()) {
    FUZZ_DEMAND(reply.immediate_words().count("en") == 1);
    for (const auto& [language, words] : reply.immediate_words()) FUZZ_DEMAND(!words.empty());
  }
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::AssessRequest)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::AssessRequest request;
  if (switchboard::fuzz::DecodeRequest(switchboard::fuzz::Text(data, size), &request)) {
    switchboard::Examine(request);
  }
  return 0;
}
