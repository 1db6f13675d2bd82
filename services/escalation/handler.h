// The verbs of the escalation agent.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/runtime/context.h"
#include "services/escalation/assessor.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::escalation {

// `assess`
class AssessHandler {
 public:
  explicit AssessHandler(std::shared_ptr<const Assessor> assessor)
      : assessor_(std::move(assessor)) {}
  absl::StatusOr<v1::AssessReply> operator()(const runtime::Context& context,
                                             const v1::AssessRequest& request) const;

 private:
  std::shared_ptr<const Assessor> assessor_;
};

// "escalate=yes human_requested, normal, support"
std::string SummarizeAssessment(const v1::AssessReply& reply);
// "ticket … open, high, team fraud"
std::string SummarizeTicket(const v1::Ticket& ticket);

}  // namespace switchboard::escalation
