#include "cli/message_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "switchboard/v1/agents.pb.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Plain {
  std::ostringstream out, err;
  Terminal terminal{out, err};
};

MessageView Completed() {
  v1::ConversationRecord record;
  record.mutable_turn()->mutable_reply()->set_intent("ORDER_STATUS");
  record.mutable_conversation()->mutable_focus()->set_intent("COMPLAINT");
  record.mutable_conversation()->add_window()->set_intent("FEEDBACK");
  return {.subject = "mesh.turn.completed.c1",
          .type = "switchboard.v1.ConversationRecord",
          .turn = "0192f0c1-0000-7000-8000-00000000abcd",
          .conversation = "c1",
          .agent = "critic-supervisor",
          .summary = "intent=ORDER_STATUS 0.97, 3 passages, 1.2 ms",
          .payload = record.SerializeAsString()};
}

MessageView Request() {
  v1::GenerateRequest request;
  request.add_intents()->set_name("REFUND_STATUS");
  request.add_intents()->set_name("COMPLAINT");
  return {.subject = "mesh.agent.response-generator.generate",
          .type = "switchboard.v1.GenerateRequest",
          .conversation = "c2",
          .agent = "critic-supervisor",
          .deadline_ms = "1998",
          .payload = request.SerializeAsString()};
}

TEST(Matches, LooksAtSenderSubjectConversationAndIntent) {
  struct Case {
    const char* what;
    MessageView view;
    Filter filter;
    bool expected;
  };
  const Case cases[] = {
      {"no filter", Completed(), {}, true},
      {"the sender", Completed(), {.agent = "critic-supervisor"}, true},
      {"the agent that is asked", Request(), {.agent = "response-generator"}, true},
      {"an agent whose name another's begins with", Request(), {.agent = "response"}, false},
      {"another agent", Completed(), {.agent = "escalation"}, false},
      {"the conversation", Completed(), {.conversation = "c1"}, true},
      {"another conversation", Request(), {.conversation = "c1"}, false},
      {"the intent of the turn", Completed(), {.intent = "ORDER_STATUS"}, true},
      {"the intent of an earlier turn", Completed(), {.intent = "FEEDBACK"}, false},
      {"the intent of the focus", Completed(), {.intent = "COMPLAINT"}, false},
      {"the first of several intents", Request(), {.intent = "REFUND_STATUS"}, true},
      {"a less probable intent", Request(), {.intent = "COMPLAINT"}, false},
      {"all three", Completed(), {"critic-supervisor", "c1", "ORDER_STATUS"}, true},
      {"a payload that is none",
       {.subject = "mesh.x", .type = "switchboard.v1.ConversationRecord", .payload = "\xff"},
       {.intent = "ORDER_STATUS"},
       false},
  };
  for (const Case& c : cases) EXPECT_EQ(Matches(c.filter, c.view), c.expected) << c.what;
}

TEST(FormatMessage, IsOneLine) {
  Plain plain;
  EXPECT_EQ(FormatMessage(Completed(), "13:14:15.123", false, plain.terminal),
            "13:14:15.123 mesh.turn.completed.c1  critic-supervisor  turn …0000abcd  "
            "intent=ORDER_STATUS 0.97, 3 passages, 1.2 ms\n");
  EXPECT_EQ(FormatMessage(Request(), "13:14:15.123", false, plain.terminal),
            "13:14:15.123 mesh.agent.response-generator.generate  critic-supervisor  1998 ms left  "
            "GenerateRequest 30 B\n");
}

TEST(FormatMessage, ShowsThePayloadWhenAsked) {
  Plain plain;
  EXPECT_THAT(FormatMessage(Completed(), "now", true, plain.terminal),
              HasSubstr("\"intent\": \"ORDER_STATUS\""));
  EXPECT_THAT(FormatMessage(
                  {.subject = "mesh.x", .content_type = "application/json", .payload = "{\"a\":1}"},
                  "now", true, plain.terminal),
              HasSubstr("{\"a\":1}"));
  EXPECT_THAT(FormatMessage({.subject = "mesh.x", .type = "a.B", .payload = "???"}, "now", true,
                            plain.terminal),
              HasSubstr("3 bytes that are no a.B"));
}

TEST(FormatMessage, NoMessageSteersTheTerminal) {
  Plain plain;
  MessageView view = Completed();
  view.summary = "a\x1b]0;title\x07\nb";
  EXPECT_THAT(FormatMessage(view, "now", false, plain.terminal), Not(HasSubstr("\x1b")));
  EXPECT_THAT(FormatMessage(view, "now", false, plain.terminal), HasSubstr("a?]0;title? b\n"));
}

TEST(FormatMessage, ColoursOnlyOnATerminal) {
  Plain plain;
  Terminal colourful{plain.out, plain.err, true};
  EXPECT_THAT(FormatMessage(Completed(), "now", false, plain.terminal), Not(HasSubstr("\x1b")));
  EXPECT_THAT(FormatMessage(Completed(), "now", false, colourful), HasSubstr("\x1b"));
}

TEST(MessageJson, HoldsHeadersAndPayload) {
  const auto object = nlohmann::json::parse(MessageJson(Completed(), "now"));
  EXPECT_EQ(object["subject"], "mesh.turn.completed.c1");
  EXPECT_EQ(object["payload"]["turn"]["reply"]["intent"], "ORDER_STATUS");
  EXPECT_FALSE(object.contains("deadline_ms"));
  const auto broken = nlohmann::json::parse(MessageJson(
      {.subject = "mesh.x", .content_type = "application/json", .payload = "{"}, "now"));
  EXPECT_TRUE(broken["payload"].is_null());
}

}  // namespace
}  // namespace switchboard::cli
