// One delivery to another's HTTP server (tests/integration/http_peer.py).
#include "gateway/webhook_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/run_on_loop.h"
#include "tests/integration/http_peer.h"

namespace switchboard::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class WebhookSenderTest : public ::testing::Test {
 protected:
  WebhookOutcome Deliver(const std::string& url, std::chrono::milliseconds timeout = 20s,
                         v1::TurnStatus::State state = v1::TurnStatus::ANSWERED) {
    WebhookSender sender(client_, *WebhookUrls::Parse(allowed_), std::string(32, 'k'), timeout);
    v1::WebhookWork work;
    work.set_url(url);
    work.mutable_outcome()->set_state(state);
    return testing::RunOnLoop(io_, sender.Deliver(std::move(work)));
  }

  asio::io_context io_;
  testing::HttpPeer peer_;
  std::string allowed_ = peer_.Url("/");
  http::Client client_{io_, {.connect_timeout = 2s}};
};

TEST_F(WebhookSenderTest, TheReceiversStatusDecides) {
  struct Case {
    const char* sentence;
    std::string path;
    WebhookOutcome::Kind kind;
    const char* reason;
  };
  const Case cases[] = {
      {"200", "/echo", WebhookOutcome::kDelivered, ""},
      {"204", "/status?code=204", WebhookOutcome::kDelivered, ""},
      {"gone for good", "/status?code=410", WebhookOutcome::kHopeless, "410"},
      {"broken", "/status?code=500", WebhookOutcome::kFailed, "the receiver answered 500"},
      {"busy", "/status?code=429", WebhookOutcome::kFailed, "429"},
      {"not there yet", "/status?code=404", WebhookOutcome::kFailed, "404"},
      {"elsewhere, where nobody has allowed it", "/redirect?to=/echo", WebhookOutcome::kFailed,
       "302"},
      {"200 and more than anybody reads", "/bytes?n=200000", WebhookOutcome::kDelivered, ""},
  };
  for (const Case& c : cases) {
    const WebhookOutcome outcome = Deliver(peer_.Url(c.path));
    EXPECT_EQ(outcome.kind, c.kind) << c.sentence;
    EXPECT_THAT(outcome.reason, HasSubstr(c.reason)) << c.sentence;
  }
}

TEST_F(WebhookSenderTest, AReceiverThatSaidYesHasItHoweverItGoesOn) {
  EXPECT_EQ(Deliver(peer_.Url("/endless"), 300ms).kind, WebhookOutcome::kDelivered);
}

TEST_F(WebhookSenderTest, SilenceAndNoConnectionAreTriedAgain) {
  const WebhookOutcome late = Deliver(peer_.Url("/hang?token=a-secret"), 200ms);
  EXPECT_EQ(late.kind, WebhookOutcome::kFailed);
  EXPECT_THAT(late.reason, HasSubstr("DEADLINE_EXCEEDED"));
  EXPECT_THAT(late.reason, Not(HasSubstr("a-secret")));
  allowed_ = StrCat("http://127.0.0.1:", testing::FreePort());
  const WebhookOutcome refused = Deliver(allowed_ + "/?token=a-secret");
  EXPECT_EQ(refused.kind, WebhookOutcome::kFailed);
  EXPECT_THAT(refused.reason, HasSubstr("UNAVAILABLE"));
  EXPECT_THAT(refused.reason, Not(HasSubstr("a-secret")));
}

TEST_F(WebhookSenderTest, AnAddressThatIsNoLongerAllowedIsNotCalled) {
  allowed_ = "https://shop.example/";
  const WebhookOutcome outcome = Deliver(peer_.Url("/echo"));
  EXPECT_EQ(outcome.kind, WebhookOutcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("webhook_url"));
}

TEST_F(WebhookSenderTest, WorkWithoutAnOutcomeIsHopeless) {
  EXPECT_EQ(Deliver(peer_.Url("/echo"), 20s, v1::TurnStatus::ACCEPTED).kind,
            WebhookOutcome::kHopeless);
}

}  // namespace
}  // namespace switchboard::gateway
