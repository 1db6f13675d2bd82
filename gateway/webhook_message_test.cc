#include "gateway/webhook_message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/strings.h"

namespace switchboard::gateway {
namespace {

using nlohmann::json;

constexpr char kBody[] = R"({"type":"turn.answered","data":{}})";

// The expected values come from Python's standard library:
//   b64encode(hmac.new(key, b"msg_1.1700000000." + body, hashlib.sha256).digest())
TEST(WebhookSignature, IsWhatAnotherImplementationComputes) {
  const auto key = WebhookKey("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");  // 0 to 31
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->size(), 32u);
  EXPECT_EQ(WebhookSignature(*key, "msg_1", 1700000000, kBody),
            "v1,8Ww0QAYKDUZKtF5zRjKqnHifV7L9fudEArV1oMfnpMQ=");
  const auto raw = WebhookKey("thirty-two raw bytes of a secret");
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(WebhookSignature(*raw, "msg_1", 1700000000, kBody),
            "v1,SISH/0iUhgmhVp6A3VO7cAD5fzOUhtDIB6VnQT6Fuws=");
}

TEST(WebhookKey, WeakOrBrokenSecretsAreRefusedAndNotQuoted) {
  for (const std::string secret : {"", "too short", "whsec_", "whsec_c2hvcnQ=", "whsec_n*t base64",
                                   "23 bytes are too few--."}) {
    const auto key = WebhookKey(secret);
    EXPECT_TRUE(absl::IsInvalidArgument(key.status())) << secret;
    if (secret.size() > 6) {
      EXPECT_EQ(std::string(key.status().message()).find(secret), std::string::npos) << secret;
    }
  }
}

v1::WebhookWork Work(v1::TurnStatus::State state) {
  v1::WebhookWork work;
  work.set_url("https://shop.example/hooks?shop=7");
  work.mutable_outcome()->set_id("c.t");
  work.mutable_outcome()->set_turn_id("t");
  work.mutable_outcome()->set_conversation_id("c");
  work.mutable_outcome()->set_state(state);
  work.mutable_completed_at()->set_seconds(1700000000);
  return work;
}

TEST(WebhookBody, TellsTheOutcomeAsTheApiDoes) {
  v1::WebhookWork work = Work(v1::TurnStatus::ANSWERED);
  work.mutable_outcome()->mutable_reply()->set_reply("Within \"30\" days.");
  const json answered = json::parse(WebhookBody(work));
  EXPECT_EQ(answered["type"], "turn.answered");
  EXPECT_EQ(answered["timestamp"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(answered["data"]["id"], "c.t");
  EXPECT_EQ(answered["data"]["state"], "ANSWERED");
  EXPECT_EQ(answered["data"]["reply"]["reply"], "Within \"30\" days.");
  work = Work(v1::TurnStatus::DEAD);
  work.mutable_outcome()->set_reason("UNAVAILABLE: nobody");
  const json dead = json::parse(WebhookBody(work));
  EXPECT_EQ(dead["type"], "turn.dead");
  EXPECT_EQ(dead["data"]["reason"], "UNAVAILABLE: nobody");
  EXPECT_TRUE(dead["data"]["reply"].is_null());
}

TEST(WebhookId, IsTheOutcomesAtEachDelivery) {
  const v1::TurnStatus answered = Work(v1::TurnStatus::ANSWERED).outcome();
  v1::TurnStatus other = answered;
  other.set_id("c.t2");
  EXPECT_EQ(WebhookId(answered), WebhookId(answered));
  EXPECT_NE(WebhookId(answered), WebhookId(other));
  EXPECT_NE(WebhookId(answered), WebhookId(Work(v1::TurnStatus::DEAD).outcome()))
      << "replayed and answered after all: news for the receiver";
  EXPECT_EQ(WebhookId(answered).find('.'), std::string::npos) << "a dot would blur what is signed";
}

TEST(WebhookRequest, CarriesWhatAReceiverChecks) {
  const std::string key(32, 'k');
  const http::Request request = WebhookRequest(Work(v1::TurnStatus::ANSWERED), key, 1700000001);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://shop.example/hooks?shop=7");
  EXPECT_EQ(request.redirects_max, 0);
  http::Response as_sent{.headers = request.headers};
  EXPECT_EQ(as_sent.Header("content-type"), "application/json");
  EXPECT_EQ(as_sent.Header("webhook-timestamp"), "1700000001");
  EXPECT_EQ(as_sent.Header("webhook-signature"),
            WebhookSignature(key, as_sent.Header("webhook-id"), 1700000001, request.body));
}

}  // namespace
}  // namespace switchboard::gateway
