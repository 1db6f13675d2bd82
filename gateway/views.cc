#include "gateway/views.h"

#include "common/base/strings.h"

namespace switchboard::gateway {

v1::ConversationView ToView(const v1::Conversation& conversation) {
  v1::ConversationView view;
  view.set_conversation_id(conversation.id());
  view.set_status(conversation.status());
  view.set_language(conversation.language());
  view.set_channel(conversation.channel());
  view.set_customer_id(conversation.customer().id());
  *view.mutable_created_at() = conversation.created_at();
  *view.mutable_updated_at() = conversation.updated_at();
  view.set_turn_count(conversation.turn_count());
  return view;
}

v1::ConversationView ToView(const v1::HistoryReply& history) {
  v1::ConversationView view = ToView(history.conversation());
  for (const v1::HistoryTurn& past : history.turns()) {
    v1::TurnView& turn = *view.add_turns();
    turn.set_turn_id(past.reply().turn_id());
    turn.set_text(past.text());
    turn.set_reply(past.reply().reply());
    turn.set_intent(past.reply().intent());
    turn.set_confidence(past.reply().confidence());
    turn.set_language(past.reply().language());
    *turn.mutable_citations() = past.reply().citations();
    turn.set_escalated(past.reply().escalated());
    turn.set_blocked(past.reply().blocked());
    *turn.mutable_at() = past.at();
  }
  if (history.next_sequence() > 0) {
    view.set_next_page_token(StrCat(history.next_sequence()));
  }
  return view;
}

ChatReply ToChatReply(const v1::TurnReply& reply, const std::string& session_id) {
  ChatReply chat;
  chat.set_response(reply.reply());
  chat.set_session_id(session_id);
  chat.set_intent(reply.intent());
  chat.set_confidence(reply.confidence());
  chat.set_escalated(reply.escalated());
  chat.set_processing_time_ms(reply.duration_ms());
  for (const v1::AgentTiming& agent : reply.agents()) chat.add_agents_involved(agent.name());
  chat.set_language(reply.language());
  return chat;
}

}  // namespace switchboard::gateway
