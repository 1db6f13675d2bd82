#include "gateway/last_resort.h"

#include "common/base/strings.h"
#include "common/conversation/state.h"
#include "common/conversation/turn_store.h"

namespace switchboard::gateway {
namespace {

constexpr char kAway[] = "critic-supervisor";

struct Wording {
  std::string_view language;
  std::string_view before_reference;
  std::string_view after_reference;
};

constexpr Wording kWordings[] = {
    {"en",
     "I'm sorry, I can't answer right now. I have passed your message to a colleague, who will get "
     "back to "
     "you. Your reference is ",
     "."},
    {"fr",
     "Je suis désolé, je ne peux pas vous répondre pour le moment. J'ai transmis votre message à "
     "un collègue, "
     "qui reviendra vers vous. Votre référence est ",
     "."},
    {"es",
     "Lo siento, ahora mismo no puedo responderle. He pasado su mensaje a un compañero, que se "
     "pondrá en "
     "contacto con usted. Su referencia es ",
     "."},
    {"de",
     "Es tut mir leid, ich kann gerade nicht antworten. Ich habe Ihre Nachricht an eine Kollegin "
     "oder einen "
     "Kollegen weitergegeben. Ihre Vorgangsnummer ist ",
     "."},
};

}  // namespace

std::string ApologyIn(std::string_view language, std::string_view ticket_id) {
  const Wording* chosen = &kWordings[0];
  for (const Wording& wording : kWordings) {
    if (language.substr(0, 2) == wording.language) chosen = &wording;
  }
  return StrCat(chosen->before_reference, ticket_id, chosen->after_reference);
}

v1::TurnCompleted ApologeticTurn(const v1::TurnRequest& request,
                                 const v1::Conversation& conversation) {
  v1::TurnCompleted completed;
  completed.set_text(request.text());
  v1::TurnReply& reply = *completed.mutable_reply();
  reply.set_turn_id(request.turn_id());
  reply.set_conversation_id(request.conversation_id());
  reply.set_language(!request.language().empty()        ? request.language()
                     : !conversation.language().empty() ? conversation.language()
                                                        : "en");
  reply.set_conversation_status(conversation.status());
  reply.add_degraded(kAway);
  reply.set_escalated(true);
  v1::Escalation& escalation = *reply.mutable_escalation();
  escalation.add_reasons("agent_unavailable");
  escalation.set_priority("normal");
  escalation.set_team("support");
  escalation.set_ticket_id(conversation::TicketId(request.conversation_id(), request.turn_id()));
  reply.set_reply(ApologyIn(reply.language(), escalation.ticket_id()));
  return completed;
}

Awaitable<absl::StatusOr<v1::TurnReply>> AnswerAsLastResort(bus::Connection& connection,
                                                            runtime::Context context,
                                                            v1::TurnRequest request) {
  conversation::TurnStore store(connection, "gateway");
  absl::StatusOr<conversation::Beginning> beginning =
      co_await store.Begin(request, context.deadline);
  if (!beginning.ok()) co_return beginning.status();
  if (beginning->answered) co_return beginning->answered->reply();
  v1::TurnCompleted completed = ApologeticTurn(request, beginning->before.record.conversation());
  v1::Focus unchanged;
  std::string summary = StrCat("escalated=agent_unavailable, degraded=", kAway);
  absl::StatusOr<v1::TurnCompleted> stands =
      co_await store.Finish(std::move(context), std::move(request), std::move(beginning->before),
                            std::move(completed), std::move(unchanged), std::move(summary));
  if (!stands.ok()) co_return stands.status();
  co_return stands->reply();
}

}  // namespace switchboard::gateway
