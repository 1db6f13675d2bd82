// Reads what the critic's models are trained with (data/README.md).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/critic-supervisor/critic/evidence_trainer.h"
#include "services/critic-supervisor/critic/policy.h"

namespace switchboard::critic {

// Lines labelled ATTACK are attacks, BENIGN look-alikes; InvalidArgument: another label.
absl::Status ReadLabelled(const std::string& path, std::vector<EvidenceExample>& examples);

// Every line is ordinary text, whatever its label. What `rules` block is left out: somebody's joke
// about system prompts is no evidence that they are harmless.
absl::Status ReadOrdinary(const std::string& path, const RuleSet& rules,
                          std::vector<EvidenceExample>& examples);

}  // namespace switchboard::critic
