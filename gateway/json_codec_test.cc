#include "gateway/json_codec.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "gateway/chat.pb.h"
#include "gateway/problem.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string Nested(int depth) {
  return R"({"text":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

TEST(JsonCodec, RefusesBadBodiesNamingTheField) {
  const struct {
    const char* sentence;
    std::string body;
    const char* field;
    const char* words;
  } cases[] = {
      {"text that is a number", R"({"text":5})", "text", "must be a string, not a number"},
      {"text that is a list", R"({"text":["a"]})", "text", "must be a string, not a list"},
      {"text that is an object", R"({"text":{}})", "text", "must be a string, not an object"},
      {"a field nobody knows", R"({"text":"a","txet":"b"})", "txet", "is not a field"},
      {"camel case", R"({"conversationId":"a"})", "conversationId", "is not a field"},
      {"half an object", R"({"text":"a")", "body", "line 1, column"},
      {"a comma too many, on line 2", "{\n\"text\":\"a\",}", "body", "line 2, column"},
      {"a list", "[]", "body", "must be a JSON object, not a list"},
      {"a word", "hello", "body", "is not valid JSON at line 1, column 1"},
      {"two objects", "{}{}", "body", "is not valid JSON"},
      {"a comment", "{/* */}", "body", "is not valid JSON"},
      {"a byte that is no UTF-8", "{\"text\":\"a\xff\"}", "body",
       "is not valid UTF-8 at line 1, column 11"},
      {"an overlong form", "{\"text\":\"\xc0\xaf\"}", "body", "is not valid UTF-8"},
      {"half a surrogate pair", R"({"text":"\ud83d"})", "body", "is not valid JSON"},
      {"thirty-three levels", Nested(32), "body", "nested deeper than 32 levels"},
      {"a hundred thousand levels", Nested(100000), "body", "nested deeper than 32 levels"},
      {"a raw line break in a string", "{\"text\":\"a\nb\"}", "body",
       "is not valid JSON at line 1"},
      {"a number beyond all bounds", R"({"text":1e999})", "body", "out of range"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.sentence);
    v1::InvokeRequest request;
    const absl::Status status = DecodeJson(test.body, &request);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_EQ(ToProblem(status, "").status(), 400u);
    EXPECT_EQ(FieldOf(status), test.field);
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.words));
    EXPECT_FALSE(RemedyOf(status).empty());
  }
}

TEST(JsonCodec, RefusesNumbersThatDoNotFit) {
  for (const char* value : {R"("5")", "5.5", "-1", "4294967296", "1e300", "true", "[]"}) {
    v1::FeedbackRequest request;
    const absl::Status status = DecodeJson(std::string(R"({"rating":)") + value + "}", &request);
    EXPECT_EQ(FieldOf(status), "rating") << value;
    EXPECT_THAT(std::string(status.message()), HasSubstr("whole number")) << value;
  }
}

TEST(JsonCodec, ReadsWhatIsRight) {
  v1::FeedbackRequest feedback;
  ASSERT_TRUE(DecodeJson(R"({"rating":5.0,"comment":null})", &feedback).ok());
  EXPECT_EQ(feedback.rating(), 5u);
  v1::InvokeRequest invoke;
  ASSERT_TRUE(DecodeJson(R"( {"text":"ou\u0301 \ud83d\ude00 \"[[[\""} )", &invoke).ok());
  EXPECT_EQ(invoke.text(), "ou\u0301 \U0001F600 \"[[[\"");
  EXPECT_TRUE(DecodeJson("", &invoke).ok());
  ChatRequest chat;
  EXPECT_TRUE(DecodeJson(R"({"message":"a","user_id":7})", &chat, UnknownFields::kIgnore).ok());
  EXPECT_EQ(FieldOf(DecodeJson(R"({"message":7})", &chat, UnknownFields::kIgnore)), "message");
}

TEST(JsonCodec, ReadsQueries) {
  v1::SummaryRequest summary;
  ASSERT_TRUE(DecodeQuery({{"window", "15m"}, {"from", "2026-11-20T08:00:00.5Z"}}, &summary).ok());
  EXPECT_EQ(summary.window(), "15m");
  EXPECT_EQ(summary.from().seconds(), 1795161600);
  EXPECT_EQ(summary.from().nanos(), 500000000);
  v1::GetConversationRequest page;
  ASSERT_TRUE(DecodeQuery({{"page_size", "20"}}, &page).ok());
  EXPECT_EQ(page.page_size(), 20u);
  EXPECT_EQ(FieldOf(DecodeQuery({{"page_size", "many"}}, &page)), "page_size");
  EXPECT_EQ(FieldOf(DecodeQuery({{"page_size", "-1"}}, &page)), "page_size");
  EXPECT_EQ(FieldOf(DecodeQuery({{"windw", "1h"}}, &summary)), "windw");
  EXPECT_EQ(FieldOf(DecodeQuery({{"from", "yesterday"}}, &summary)), "from");
}

TEST(JsonCodec, WritesEveryField) {
  v1::TurnReply reply;
  reply.set_reply("\"quoted\"\n\x01 é");
  reply.set_confidence(0.1);
  reply.add_degraded("knowledge-retrieval");
  reply.set_conversation_status(v1::Conversation::BOT);
  const json out = json::parse(EncodeJson(reply));
  EXPECT_EQ(out["reply"], "\"quoted\"\n\x01 é");
  EXPECT_EQ(out["confidence"].dump(), "0.1");
  EXPECT_EQ(out["turn_id"], "");
  EXPECT_EQ(out["escalated"], false);
  EXPECT_TRUE(out["escalation"].is_null());
  EXPECT_EQ(out["citations"], json::array());
  EXPECT_EQ(out["degraded"], json::array({"knowledge-retrieval"}));
  EXPECT_EQ(out["conversation_status"], "BOT");
}

// What json_util writes must stand in ours too: the mapping is protobuf's.
TEST(JsonCodec, AgreesWithProtobufsOwnMapping) {
  v1::ConversationView view;
  view.set_conversation_id("a");
  view.mutable_created_at()->set_seconds(1795161600);
  view.mutable_created_at()->set_nanos(120000000);
  v1::TurnView& turn = *view.add_turns();
  turn.set_confidence(1.0 / 3);
  turn.add_citations()->set_quote("<b>\u2028</b>");
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string theirs;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(view, &theirs, options).ok());
  json ours = json::parse(EncodeJson(view));
  for (json* object : {&ours, &ours["turns"][0]}) {
    for (auto it = object->begin(); it != object->end();)
      it = it->is_null() ? object->erase(it) : ++it;
  }
  EXPECT_EQ(ours, json::parse(theirs));
}

TEST(JsonCodec, FreeJsonGoesThroughUnchanged) {
  v1::CallAgentRequest request;
  const std::string text = R"({"a":[1,2.5,null,true],"b":{"c":"d"}})";
  ASSERT_TRUE(DecodeStruct(text, request.mutable_request()).ok());
  EXPECT_EQ(json::parse(EncodeJson(request.request())), json::parse(text));
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeStruct("[1]", request.mutable_request())));
}

}  // namespace
}  // namespace switchboard::gateway
