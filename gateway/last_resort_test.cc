#include "gateway/last_resort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LastResort, ApologisesInTheCustomersLanguage) {
  EXPECT_THAT(ApologyIn("en", "T-1"), HasSubstr("I'm sorry"));
  EXPECT_THAT(ApologyIn("fr-CA", "T-1"), HasSubstr("désolé"));
  EXPECT_THAT(ApologyIn("es", "T-1"), HasSubstr("Lo siento"));
  EXPECT_THAT(ApologyIn("pt", "T-1"), HasSubstr("I'm sorry"));
  EXPECT_THAT(ApologyIn("de", "T-42"), HasSubstr("T-42"));
}

TEST(LastResort, TheTurnSaysWhatIsMissingAndCallsAPerson) {
  v1::TurnRequest request;
  request.set_turn_id("t-1");
  request.set_conversation_id("c-1");
  request.set_text("Where is my parcel?");
  v1::Conversation conversation;
  conversation.set_language("fr");
  const v1::TurnCompleted turn = ApologeticTurn(request, conversation);
  EXPECT_EQ(turn.text(), "Where is my parcel?");
  EXPECT_EQ(turn.reply().language(), "fr");
  EXPECT_THAT(turn.reply().degraded(), ElementsAre("critic-supervisor"));
  EXPECT_TRUE(turn.reply().escalated());
  EXPECT_THAT(turn.reply().reply(), HasSubstr(turn.reply().escalation().ticket_id()));
  EXPECT_FALSE(turn.reply().answered());
}

}  // namespace
}  // namespace switchboard::gateway
