#include "common/conversation/state.h"

#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::conversation {
namespace {

void Replace(std::string* old, const std::string& value) {
  if (!value.empty()) *old = value;
}

}  // namespace

void SetTimestamp(google::protobuf::Timestamp& timestamp, int64_t unix_ms) {
  timestamp.set_seconds(unix_ms / 1000);
  timestamp.set_nanos(static_cast<int32_t>(unix_ms % 1000) * 1000000);
}

v1::Conversation NewConversation(const v1::TurnRequest& request, int64_t now_ms) {
  v1::Conversation conversation;
  conversation.set_id(request.conversation_id());
  conversation.set_tenant(request.tenant().empty() ? "default" : request.tenant());
  conversation.set_channel(request.channel().empty() ? "api" : request.channel());
  conversation.set_language(request.language());
  conversation.set_status(v1::Conversation::BOT);
  if (!request.customer().id().empty()) *conversation.mutable_customer() = request.customer();
  conversation.set_principal(request.principal());
  SetTimestamp(*conversation.mutable_created_at(), now_ms);
  SetTimestamp(*conversation.mutable_updated_at(), now_ms);
  return conversation;
}

std::string Fingerprint(const v1::TurnRequest& request) {
  std::string what;
  for (const std::string& part :
       {request.principal(), request.customer().id(), request.language(), request.text()}) {
    what.append(part);
    what.push_back('\0');
  }
  return Sha256Hex(what);
}

void AppendTurn(v1::Conversation& conversation, const v1::TurnCompleted& turn,
                const v1::Focus& focus, int64_t now_ms) {
  const v1::TurnReply& reply = turn.reply();
  if (conversation.window_size() >= kWindowMax) {
    conversation.mutable_window()->DeleteSubrange(0, conversation.window_size() - kWindowMax + 1);
  }
  v1::Exchange& exchange = *conversation.add_window();
  exchange.set_turn_id(reply.turn_id());
  exchange.set_text(Truncate(turn.text(), kWindowTextMax));
  exchange.set_reply(Truncate(reply.reply(), kWindowTextMax));
  exchange.set_intent(reply.intent());
  exchange.set_blocked(reply.blocked());
  exchange.set_escalated(reply.escalated());
  exchange.set_answered(reply.answered());
  SetTimestamp(*exchange.mutable_at(), now_ms);

  conversation.set_turn_count(conversation.turn_count() + 1);
  conversation.set_unanswered_streak(
      reply.answered() || reply.blocked() ? 0 : conversation.unanswered_streak() + 1);
  if (!reply.language().empty()) conversation.set_language(reply.language());
  v1::Focus& remembered = *conversation.mutable_focus();
  Replace(remembered.mutable_order_id(), focus.order_id());
  Replace(remembered.mutable_product_id(), focus.product_id());
  Replace(remembered.mutable_document_id(), focus.document_id());
  Replace(remembered.mutable_intent(), focus.intent());
  SetTimestamp(*conversation.mutable_updated_at(), now_ms);
}

std::string TicketId(std::string_view conversation_id, std::string_view turn_id) {
  const std::string digest = Sha256Hex(StrCat(conversation_id, "/", turn_id));
  return StrCat("T-", AsciiStrToUpper(std::string_view(digest).substr(0, 12)));
}

const v1::Exchange* FindExchange(const v1::Conversation& conversation, std::string_view turn_id) {
  for (const v1::Exchange& exchange : conversation.window()) {
    if (exchange.turn_id() == turn_id) return &exchange;
  }
  return nullptr;
}

}  // namespace switchboard::conversation
