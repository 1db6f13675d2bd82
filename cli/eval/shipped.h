// The agents' handlers as they are shipped, built in this process from the files that the build
// made and the repository holds.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/critic-supervisor/critic/critic.h"
#include "services/escalation/handler.h"
#include "services/intent-classifier/handler.h"
#include "services/knowledge-retrieval/retriever.h"

namespace switchboard::cli::eval {

// `model`: the model file's bytes; empty: the shipped one.
absl::StatusOr<intent_classifier::Handler> MakeClassifier(std::string_view model = {});
absl::StatusOr<critic::Critic> MakeCritic();
// `model`: likewise.
absl::StatusOr<escalation::AssessHandler> MakeAssessor(std::string_view model = {});
absl::StatusOr<std::unique_ptr<knowledge_retrieval::Retriever>> MakeRetriever();

}  // namespace switchboard::cli::eval
