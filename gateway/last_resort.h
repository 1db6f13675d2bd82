// What a customer gets while no critic-supervisor is there: an apology in fixed words, and a
// person.
//
// The mesh fails closed: without the critic nothing that anybody wrote for this turn may be said.
// The apology needs no review, and the turn is stored as any other (compare-and-swap on its
// conversation), so that its ticket is opened from the stream, it counts in analytics, and the same
// id gives the same answer later.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/bus/connection.h"
#include "common/runtime/context.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::gateway {

// The apology in `language` (en, fr, es, de; English for any other), with the ticket's id.
std::string ApologyIn(std::string_view language, std::string_view ticket_id);

// The turn as it will be stored.
v1::TurnCompleted ApologeticTurn(const v1::TurnRequest& request,
                                 const v1::Conversation& conversation);

// Stores the apology as the answer to `request`. The statuses of conversation::TurnStore: nothing
// has been said to the customer unless Ok.
Awaitable<absl::StatusOr<v1::TurnReply>> AnswerAsLastResort(bus::Connection& connection,
                                                            runtime::Context context,
                                                            v1::TurnRequest request);

}  // namespace switchboard::gateway
