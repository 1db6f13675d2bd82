#include "services/critic-supervisor/critic/evidence_data.h"

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"
#include "common/learning/dataset.h"
#include "services/critic-supervisor/critic/normalise.h"

namespace switchboard::critic {
namespace {

using Kind = EvidenceExample::Kind;

absl::StatusOr<std::vector<learning::Example>> ReadLines(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  return learning::ParseDataset(content);
}

}  // namespace

absl::Status ReadLabelled(const std::string& path, std::vector<EvidenceExample>& examples) {
  ASSIGN_OR_RETURN(const std::vector<learning::Example> lines, ReadLines(path));
  for (const learning::Example& line : lines) {
    const bool attack = line.label == "ATTACK";
    if (!attack && line.label != "BENIGN") {
      return absl::InvalidArgumentError(StrCat(path, ": label ", line.label));
    }
    examples.push_back({Fold(line.text), attack ? Kind::kAttack : Kind::kLookAlike});
  }
  return absl::OkStatus();
}

absl::Status ReadOrdinary(const std::string& path, const RuleSet& rules,
                          std::vector<EvidenceExample>& examples) {
  ASSIGN_OR_RETURN(const std::vector<learning::Example> lines, ReadLines(path));
  for (const learning::Example& line : lines) {
    const Views views = Normalise(line.text);
    ASSIGN_OR_RETURN(const Rule* rule, rules.Judge({&views.texts, line.text}, line.language, {}));
    if (rule == nullptr) examples.push_back({views.texts.front(), Kind::kOrdinary});
  }
  return absl::OkStatus();
}

}  // namespace switchboard::critic
