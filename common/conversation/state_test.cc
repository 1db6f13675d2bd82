#include "common/conversation/state.h"

#include <gtest/gtest.h>

#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::conversation {
namespace {

v1::TurnCompleted Turn(const std::string& id, const std::string& text, bool answered = true) {
  v1::TurnCompleted turn;
  turn.set_text(text);
  turn.mutable_reply()->set_turn_id(id);
  turn.mutable_reply()->set_reply("reply to " + text);
  turn.mutable_reply()->set_answered(answered);
  turn.mutable_reply()->set_language("en");
  return turn;
}

TEST(Conversation, TheWindowKeepsTheLastExchangesOnly) {
  v1::Conversation conversation;
  for (int i = 0; i < 25; ++i)
    AppendTurn(conversation, Turn(StrCat(i), StrCat("text ", i)), {}, 1000);
  EXPECT_EQ(conversation.turn_count(), 25u);
  ASSERT_EQ(conversation.window_size(), kWindowMax);
  EXPECT_EQ(conversation.window(0).turn_id(), "15");
  EXPECT_EQ(conversation.window(9).turn_id(), "24");
  EXPECT_EQ(FindExchange(conversation, "14"), nullptr);
  EXPECT_EQ(FindExchange(conversation, "20")->text(), "text 20");
}

TEST(Conversation, ALongMessageIsCutInTheWindow) {
  v1::Conversation conversation;
  AppendTurn(conversation, Turn("1", std::string(4096, 'x')), {}, 1000);
  EXPECT_EQ(CountCodePoints(conversation.window(0).text()), kWindowTextMax);
}

TEST(Conversation, UnansweredTurnsCountUntilOneIsAnswered) {
  v1::Conversation conversation;
  AppendTurn(conversation, Turn("1", "a", false), {}, 1);
  AppendTurn(conversation, Turn("2", "b", false), {}, 2);
  EXPECT_EQ(conversation.unanswered_streak(), 2u);
  AppendTurn(conversation, Turn("3", "c", true), {}, 3);
  EXPECT_EQ(conversation.unanswered_streak(), 0u);
}

TEST(Conversation, FocusIsKeptUntilSomethingReplacesIt) {
  v1::Conversation conversation;
  v1::Focus order;
  order.set_order_id("10452");
  AppendTurn(conversation, Turn("1", "a"), order, 1);
  v1::Focus product;
  product.set_product_id("JP-1001");
  AppendTurn(conversation, Turn("2", "b"), product, 2);
  EXPECT_EQ(conversation.focus().order_id(), "10452");
  EXPECT_EQ(conversation.focus().product_id(), "JP-1001");
}

TEST(Conversation, TheFingerprintDependsOnWhoAsksAndWhat) {
  v1::TurnRequest request;
  request.set_text("hello");
  const std::string first = Fingerprint(request);
  EXPECT_EQ(Fingerprint(request), first);
  request.mutable_customer()->set_id("C-1");
  EXPECT_NE(Fingerprint(request), first);
  request.clear_customer();
  request.set_text("hello!");
  EXPECT_NE(Fingerprint(request), first);
}

TEST(Conversation, ATicketIdIsTheSameForATurnAndDiffersBetweenTurns) {
  EXPECT_EQ(TicketId("c", "1"), TicketId("c", "1"));
  EXPECT_NE(TicketId("c", "1"), TicketId("c", "2"));
  EXPECT_NE(TicketId("c", "1"), TicketId("d", "1"));
  EXPECT_EQ(TicketId("c", "1").size(), 14u);
}

TEST(Conversation, ANewOneIsTheBotsAndHasDefaults) {
  v1::TurnRequest request;
  request.set_conversation_id("c");
  const v1::Conversation conversation = NewConversation(request, 1234);
  EXPECT_EQ(conversation.status(), v1::Conversation::BOT);
  EXPECT_EQ(conversation.tenant(), "default");
  EXPECT_EQ(conversation.channel(), "api");
  EXPECT_FALSE(conversation.has_customer());
  EXPECT_EQ(conversation.created_at().seconds(), 1);
  EXPECT_EQ(conversation.created_at().nanos(), 234000000);
}

}  // namespace
}  // namespace switchboard::conversation
