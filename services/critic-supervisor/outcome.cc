#include "services/critic-supervisor/outcome.h"

#include <algorithm>
#include <cstdio>

#include "common/base/strings.h"
#include "common/conversation/state.h"

namespace switchboard::critic_supervisor {
namespace {

// Below this the detector guesses: two or three words that several languages share.
constexpr double kLanguageConfidenceMin = 0.6;
// Without the desk's own assessment only a clear request for a person counts.
constexpr double kRequestConfidenceMin = 0.7;

}  // namespace

std::string AnswerLanguage(const v1::TurnRequest& request, const v1::ClassifyReply& classification,
                           const v1::Conversation& conversation) {
  if (!request.language().empty()) return request.language();
  const bool told = !classification.language().empty() && classification.language() != "und";
  if (told && (classification.language_confidence() >= kLanguageConfidenceMin ||
               conversation.language().empty())) {
    return classification.language();
  }
  return conversation.language().empty() ? "en" : conversation.language();
}

void DecideEscalation(const Findings& findings, v1::TurnReply& reply) {
  const v1::AssessReply& assessment = findings.assessment;
  if (assessment.escalate()) {
    reply.set_escalated(true);
    v1::Escalation& escalation = *reply.mutable_escalation();
    *escalation.mutable_reasons() = assessment.reasons();
    escalation.set_priority(assessment.priority());
    escalation.set_team(assessment.team());
    escalation.set_ticket_id(conversation::TicketId(reply.conversation_id(), reply.turn_id()));
  } else if (!findings.assessed && reply.intent() == "ESCALATION_REQUEST" &&
             reply.confidence() >= kRequestConfidenceMin) {
    EscalateFor("human_requested", reply);
  }
}

void EscalateFor(std::string_view reason, v1::TurnReply& reply) {
  reply.set_escalated(true);
  v1::Escalation& escalation = *reply.mutable_escalation();
  const auto& reasons = escalation.reasons();
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
    escalation.add_reasons(std::string(reason));
  }
  if (escalation.priority().empty()) escalation.set_priority("normal");
  if (escalation.team().empty()) escalation.set_team("support");
  escalation.set_ticket_id(conversation::TicketId(reply.conversation_id(), reply.turn_id()));
}

void SetIntents(const v1::ClassifyReply& classification, v1::TurnReply& reply) {
  *reply.mutable_intents() = classification.intents();
  if (classification.intents().empty()) return;
  reply.set_intent(classification.intents(0).name());
  reply.set_confidence(classification.intents(0).confidence());
}

std::string Summarise(const v1::TurnReply& reply, int passages) {
  char numbers[64];
  std::snprintf(numbers, sizeof(numbers), " %.2f, %d passages, %.1f ms", reply.confidence(),
                passages, reply.duration_ms());
  std::string line = StrCat("intent=", reply.intent().empty() ? "-" : reply.intent(), numbers);
  if (reply.blocked()) StrAppend(&line, ", blocked=", reply.policy());
  if (reply.escalated())
    StrAppend(&line, ", escalated=", StrJoin(reply.escalation().reasons(), "+"));
  if (reply.degraded_size() > 0) StrAppend(&line, ", degraded=", StrJoin(reply.degraded(), "+"));
  if (!reply.answered() && !reply.blocked()) StrAppend(&line, ", unanswered");
  return line;
}

}  // namespace switchboard::critic_supervisor
