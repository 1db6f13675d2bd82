#include "services/escalation/ticket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::escalation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

v1::ConversationRecord EscalatedTurn() {
  v1::ConversationRecord record;
  auto& conversation = *record.mutable_conversation();
  conversation.set_id("00000000-0000-7000-8000-000000000001");
  conversation.set_tenant("default");
  conversation.set_channel("web");
  conversation.mutable_customer()->set_id("C-1001");
  for (int i = 1; i <= 5; ++i) {
    auto& exchange = *conversation.add_window();
    exchange.set_turn_id("turn-" + std::to_string(i));
    exchange.set_text("question " + std::to_string(i));
    exchange.set_reply("answer " + std::to_string(i));
  }
  auto& turn = *record.mutable_turn();
  turn.set_text("where is\nmy parcel?");
  auto& reply = *turn.mutable_reply();
  reply.set_turn_id("turn-5");
  reply.set_conversation_id(conversation.id());
  reply.set_reply("I am passing you to a colleague.");
  reply.set_language("en");
  reply.set_intent("TRACKING_UPDATE");
  reply.set_confidence(0.91);
  reply.set_escalated(true);
  auto& escalation = *reply.mutable_escalation();
  escalation.add_reasons("human_requested");
  escalation.set_priority("high");
  escalation.set_team("support");
  escalation.set_ticket_id("11111111-1111-8111-8111-111111111111");
  record.mutable_recorded_at()->set_seconds(1790000000);
  return record;
}

TEST(Ticket, CarriesWhatTheTurnDecided) {
  const auto ticket = BuildTicket(EscalatedTurn());
  ASSERT_TRUE(ticket.ok());
  EXPECT_EQ(ticket->id(), "11111111-1111-8111-8111-111111111111");
  EXPECT_EQ(ticket->turn_id(), "turn-5");
  EXPECT_EQ(ticket->customer().id(), "C-1001");
  EXPECT_THAT(ticket->reasons(), ElementsAre("human_requested"));
  EXPECT_EQ(ticket->priority(), "high");
  EXPECT_EQ(ticket->status(), "open");
  EXPECT_EQ(ticket->opened_at().seconds(), 1790000000);
}

TEST(Ticket, IsTheSameEachTimeItIsBuilt) {
  EXPECT_EQ(BuildTicket(EscalatedTurn())->SerializeAsString(),
            BuildTicket(EscalatedTurn())->SerializeAsString());
}

TEST(Ticket, SummaryTellsTheLastExchangesWithoutThisTurnTwice) {
  const std::string summary = BuildSummary(EscalatedTurn());
  EXPECT_THAT(summary, HasSubstr("Customer C-1001 (en) by web, intent TRACKING_UPDATE 0.91."));
  EXPECT_THAT(summary, HasSubstr("Wants: where is my parcel?"));
  EXPECT_THAT(summary, HasSubstr("human_requested"));
  EXPECT_THAT(summary, HasSubstr("question 2"));
  EXPECT_THAT(summary, HasSubstr("question 4"));
  EXPECT_THAT(summary, Not(HasSubstr("question 1")));
  EXPECT_THAT(summary, Not(HasSubstr("question 5")));
}

TEST(Ticket, ASummaryOfTheTurnsOwnIsKept) {
  v1::ConversationRecord record = EscalatedTurn();
  record.mutable_turn()->set_summary("written by the supervisor");
  EXPECT_EQ(BuildTicket(record)->summary(), "written by the supervisor");
}

TEST(Ticket, OnlyEscalatedTurnsCallAPerson) {
  v1::ConversationRecord record = EscalatedTurn();
  EXPECT_TRUE(CallsPerson(record));
  record.mutable_turn()->mutable_reply()->set_escalated(false);
  EXPECT_FALSE(CallsPerson(record));
  record.mutable_opened();
  EXPECT_FALSE(CallsPerson(record));
}

TEST(Ticket, AnIdThatCannotBeAKeyIsRefused) {
  for (const char* id : {"", "a.b", "a b", "*"}) {
    v1::ConversationRecord record = EscalatedTurn();
    record.mutable_turn()->mutable_reply()->mutable_escalation()->set_ticket_id(id);
    EXPECT_EQ(BuildTicket(record).status().code(), absl::StatusCode::kInvalidArgument) << id;
  }
}

}  // namespace
}  // namespace switchboard::escalation
