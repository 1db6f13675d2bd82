#include "services/escalation/handler.h"

#include "common/base/strings.h"

namespace switchboard::escalation {

absl::StatusOr<v1::AssessReply> AssessHandler::operator()(const runtime::Context&,
                                                          const v1::AssessRequest& request) const {
  return assessor_->Assess(request);
}

std::string SummarizeAssessment(const v1::AssessReply& reply) {
  if (!reply.escalate()) return "escalate=no";
  return StrCat("escalate=yes ", StrJoin(reply.reasons(), " "), ", ", reply.priority(), ", ",
                reply.team());
}

std::string SummarizeTicket(const v1::Ticket& ticket) {
  return StrCat("ticket ", ticket.id(), " ", ticket.status(), ", ", ticket.priority(), ", team ",
                ticket.team());
}

}  // namespace switchboard::escalation
