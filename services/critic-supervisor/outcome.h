// What a turn becomes once the agents have spoken: pure decisions of the supervisor.
#pragma once

#include <string>
#include <string_view>

#include "switchboard/v1/agents.pb.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::critic_supervisor {

// What the three parallel legs brought; a leg that failed leaves its default and its name in
// `degraded`.
struct Findings {
  v1::ClassifyReply classification;
  v1::SearchReply knowledge;
  v1::AssessReply assessment;
  bool assessed = false;
};

// The language to answer in: what the client asks for, what the message is written in, what the
// conversation was in, English; the first that is known.
std::string AnswerLanguage(const v1::TurnRequest& request, const v1::ClassifyReply& classification,
                           const v1::Conversation& conversation);

// Whether a person takes over: the desk's assessment; while the desk is away, the classifier's word
// for a plain request for a person. Leaves `reply` alone when nobody does.
void DecideEscalation(const Findings& findings, v1::TurnReply& reply);

// Hands the turn to a person for a reason of the mesh's own (answer_withheld, agent_unavailable),
// keeping reasons that are there already.
void EscalateFor(std::string_view reason, v1::TurnReply& reply);

// Intents onto the reply.
void SetIntents(const v1::ClassifyReply& classification, v1::TurnReply& reply);

// One line for `nats sub`, free of personal data: "intent=ORDER_STATUS 0.97, 3 passages, 12.3 ms".
std::string Summarise(const v1::TurnReply& reply, int passages);

}  // namespace switchboard::critic_supervisor
