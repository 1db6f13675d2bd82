#include "services/escalation/ticket.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::escalation {
namespace {

// The exchanges a person needs to understand the last message.
constexpr int kExchangesMax = 3;
constexpr size_t kTextCodePointsMax = 280;
// As TicketRequest's rules say.
constexpr size_t kTicketIdSizeMax = 64;

// On one line and short.
std::string Line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return Truncate(line, kTextCodePointsMax);
}

bool IsTicketId(std::string_view id) {
  return !id.empty() && id.size() <= kTicketIdSizeMax &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
         });
}

std::string Opening(const v1::ConversationRecord& record) {
  const v1::Conversation& conversation = record.conversation();
  const v1::TurnReply& reply = record.turn().reply();
  std::string line = conversation.customer().id().empty()
                         ? std::string("A customer who is not signed in")
                         : StrCat("Customer ", conversation.customer().id());
  if (!reply.language().empty()) StrAppend(&line, " (", reply.language(), ")");
  if (!conversation.channel().empty()) StrAppend(&line, " by ", conversation.channel());
  if (!reply.intent().empty()) {
    StrAppend(&line, ", intent ", reply.intent(), absl::StrFormat(" %.2f", reply.confidence()));
  }
  return line + ".\n";
}

}  // namespace

bool CallsPerson(const v1::ConversationRecord& record) {
  return record.has_turn() && record.turn().reply().escalated();
}

std::string BuildSummary(const v1::ConversationRecord& record) {
  const v1::TurnCompleted& turn = record.turn();
  std::string summary = Opening(record);
  StrAppend(&summary, "Wants: ", Line(turn.text()), "\n");
  if (turn.reply().escalation().reasons_size() > 0) {
    StrAppend(&summary,
              "Comes to a person because: ", StrJoin(turn.reply().escalation().reasons(), ", "),
              "\n");
  }
  for (const v1::Entity& entity : turn.entities()) {
    if (entity.type() == "order_number" || entity.type() == "product") {
      StrAppend(&summary, "Names ", entity.type() == "product" ? "product " : "order ",
                entity.value().empty() ? entity.text() : entity.value(), "\n");
    }
  }
  // The window may already hold this turn.
  std::vector<const v1::Exchange*> before;
  for (const v1::Exchange& exchange : record.conversation().window()) {
    if (exchange.turn_id() != turn.reply().turn_id()) before.push_back(&exchange);
  }
  const size_t first = before.size() > kExchangesMax ? before.size() - kExchangesMax : 0;
  for (size_t i = first; i < before.size(); ++i) {
    if (i == first) StrAppend(&summary, "Before that:\n");
    StrAppend(&summary, "- Customer: ", Line(before[i]->text()), "\n");
    StrAppend(&summary, "  Answer: ", Line(before[i]->reply()), "\n");
  }
  StrAppend(&summary, "Was told: ", Line(turn.reply().reply()));
  return summary;
}

absl::StatusOr<v1::Ticket> BuildTicket(const v1::ConversationRecord& record) {
  const v1::TurnReply& reply = record.turn().reply();
  if (!IsTicketId(reply.escalation().ticket_id())) {
    return absl::InvalidArgumentError("the escalated turn has no usable ticket id");
  }
  v1::Ticket ticket;
  ticket.set_id(reply.escalation().ticket_id());
  ticket.set_conversation_id(reply.conversation_id().empty() ? record.conversation().id()
                                                             : reply.conversation_id());
  ticket.set_turn_id(reply.turn_id());
  ticket.set_tenant(record.conversation().tenant());
  *ticket.mutable_customer() = record.conversation().customer();
  ticket.set_language(reply.language().empty() ? record.conversation().language()
                                               : reply.language());
  *ticket.mutable_reasons() = reply.escalation().reasons();
  ticket.set_priority(reply.escalation().priority().empty() ? "normal"
                                                            : reply.escalation().priority());
  ticket.set_team(reply.escalation().team().empty() ? "support" : reply.escalation().team());
  ticket.set_summary(record.turn().summary().empty() ? BuildSummary(record)
                                                     : record.turn().summary());
  *ticket.mutable_opened_at() = record.recorded_at();
  ticket.set_status("open");
  return ticket;
}

}  // namespace switchboard::escalation
