#include "cli/eval/shipped.h"

#include "common/base/fault.h"
#include "common/base/file.h"

namespace switchboard::cli::eval {

absl::StatusOr<intent_classifier::Handler> MakeClassifier(std::string_view model) {
  std::string bytes(model);
  if (bytes.empty()) {
    ASSIGN_OR_RETURN(bytes, ReadFile(SWITCHBOARD_INTENT_MODEL));
  }
  ASSIGN_OR_RETURN(const std::string languages,
                   ReadFile(SWITCHBOARD_INTENT_DATA "/languages.json"));
  ASSIGN_OR_RETURN(const std::string entities, ReadFile(SWITCHBOARD_INTENT_DATA "/entities.json"));
  ASSIGN_OR_RETURN(intent_classifier::Classifier classifier,
                   intent_classifier::Classifier::Make(bytes, languages, entities));
  return intent_classifier::Handler(
      std::make_shared<intent_classifier::Classifier>(std::move(classifier)));
}

absl::StatusOr<critic::Critic> MakeCritic() {
  return critic::Critic::Load({SWITCHBOARD_CRITIC_DATA "/policies.json",
                               SWITCHBOARD_CRITIC_MESSAGE_MODEL, SWITCHBOARD_CRITIC_PASSAGE_MODEL});
}

absl::StatusOr<escalation::AssessHandler> MakeAssessor(std::string_view model) {
  std::string bytes(model);
  if (bytes.empty()) {
    ASSIGN_OR_RETURN(bytes, ReadFile(SWITCHBOARD_ESCALATION_MODEL));
  }
  ASSIGN_OR_RETURN(const std::string signals,
                   ReadFile(SWITCHBOARD_ESCALATION_DATA "/signals.json"));
  ASSIGN_OR_RETURN(escalation::Assessor assessor, escalation::Assessor::Parse(signals, bytes));
  return escalation::AssessHandler(
      std::make_shared<const escalation::Assessor>(std::move(assessor)));
}

absl::StatusOr<std::unique_ptr<knowledge_retrieval::Retriever>> MakeRetriever() {
  knowledge_retrieval::RetrieverOptions options;
  options.data_dir = SWITCHBOARD_KNOWLEDGE_DATA;
  return knowledge_retrieval::Retriever::Create(std::move(options));
}

}  // namespace switchboard::cli::eval
