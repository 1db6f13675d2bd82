// The ticket that a committed turn opens: a pure function of the record, so that every replica and
// every redelivery builds the same one.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "switchboard/v1/agents.pb.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::escalation {

// True when the record is a turn that called a person.
bool CallsPerson(const v1::ConversationRecord& record);

// InvalidArgument: the record names no usable ticket id.
absl::StatusOr<v1::Ticket> BuildTicket(const v1::ConversationRecord& record);

// What the next person reads first: who, what they want, why they come to a person, what was said.
// At most about 2,000 characters.
std::string BuildSummary(const v1::ConversationRecord& record);

}  // namespace switchboard::escalation
