// What the mesh keeps, as the public API shows it.
#pragma once

#include <string>

#include "gateway/chat.pb.h"
#include "switchboard/v1/agents.pb.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::gateway {

v1::ConversationView ToView(const v1::Conversation& conversation);
v1::ConversationView ToView(const v1::HistoryReply& history);
ChatReply ToChatReply(const v1::TurnReply& reply, const std::string& session_id);

}  // namespace switchboard::gateway
