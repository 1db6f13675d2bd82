// What a conversation remembers: pure functions over its state (`v1::Conversation`).
#pragma once

#include <string>
#include <string_view>

#include "switchboard/v1/turn.pb.h"

namespace switchboard::conversation {

// Exchanges that agents see of the past. Ten cover what customers refer back to, and keep a
// record's size independent of the conversation's length.
inline constexpr int kWindowMax = 10;
// Characters of a message that the window keeps.
inline constexpr size_t kWindowTextMax = 1024;

// The state before the first turn.
v1::Conversation NewConversation(const v1::TurnRequest& request, int64_t now_ms);

// What the request asks and for whom: the same turn id with another fingerprint is a client's
// mistake.
std::string Fingerprint(const v1::TurnRequest& request);

// Adds a completed turn: window, counters, focus, language. `focus` replaces the old one where it
// is set.
void AppendTurn(v1::Conversation& conversation, const v1::TurnCompleted& turn,
                const v1::Focus& focus, int64_t now_ms);

// The exchange of that turn in the window, or null.
const v1::Exchange* FindExchange(const v1::Conversation& conversation, std::string_view turn_id);

// "T-" and twelve digits, the same for a turn every time: a turn cannot open two tickets.
std::string TicketId(std::string_view conversation_id, std::string_view turn_id);

void SetTimestamp(google::protobuf::Timestamp& timestamp, int64_t unix_ms);

}  // namespace switchboard::conversation
