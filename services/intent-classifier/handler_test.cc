#include "services/intent-classifier/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/fault.h"
#include "common/base/file.h"

namespace switchboard::intent_classifier {
namespace {

class HandlerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto classifier =
        Classifier::Make(ReadFile(SWITCHBOARD_MODEL_PATH).value_or(""),
                         ReadFile(SWITCHBOARD_DATA_DIR "/languages.json").value_or(""),
                         ReadFile(SWITCHBOARD_DATA_DIR "/entities.json").value_or(""));
    ASSERT_TRUE(classifier.ok()) << classifier.status();
    handler_ = new Handler(std::make_shared<Classifier>(*std::move(classifier)));
  }
  static void TearDownTestSuite() { delete handler_; }

  absl::StatusOr<v1::ClassifyReply> Ask(const std::string& text) {
    v1::ClassifyRequest request;
    request.set_text(text);
    return (*handler_)(runtime::Context(), request);
  }

  static Handler* handler_;
};

Handler* HandlerTest::handler_ = nullptr;

TEST_F(HandlerTest, AnswersPlainQuestionsOfEveryKind) {
  struct Case {
    const char* intent;
    const char* language;
    const char* text;
  };
  const Case cases[] = {
      {"ORDER_STATUS", "en", "Where is my order 10452?"},
      {"ORDER_STATUS", "fr", "Où en est ma commande 10452 ?"},
      {"RETURN_REQUEST", "en", "I would like to return the lamp I bought"},
      {"REFUND_STATUS", "en", "When will I get my refund?"},
      {"REFUND_STATUS", "es", "¿Cuándo me llega el reembolso?"},
      {"SHIPPING_ESTIMATE", "en", "How long does delivery to Spain take?"},
      {"BILLING_ISSUE", "en", "I was charged twice for the same order"},
      {"ACCOUNT_HELP", "en", "I forgot my password and cannot log in"},
      {"CANCELLATION", "en", "Please cancel my order"},
      {"CANCELLATION", "es", "Quiero cancelar mi pedido"},
      {"EXCHANGE", "en", "Can I exchange this for a larger size?"},
      {"LOYALTY_PROGRAM", "en", "How many points do I have?"},
      {"ESCALATION_REQUEST", "en", "I want to talk to a human"},
      {"ESCALATION_REQUEST", "fr", "Je veux parler à un conseiller"},
      {"SUBSCRIPTION_MANAGEMENT", "en", "Pause my coffee subscription for a month"},
      {"OUT_OF_SCOPE", "en", "What will the weather be like tomorrow?"},
  };
  for (const Case& c : cases) {
    const auto reply = Ask(c.text);
    ASSERT_TRUE(reply.ok()) << c.text << ": " << reply.status();
    EXPECT_EQ(reply->intents(0).name(), c.intent) << c.text;
    EXPECT_EQ(reply->language(), c.language) << c.text;
    EXPECT_LE(reply->intents_size(), 5) << c.text;
    for (int i = 1; i < reply->intents_size(); ++i) {
      EXPECT_LE(reply->intents(i).confidence(), reply->intents(i - 1).confidence()) << c.text;
      EXPECT_GE(reply->intents(i).confidence(), 0.05) << c.text;
    }
  }
}

TEST_F(HandlerTest, QuotesEntitiesAsTheCustomerWroteThem) {
  const auto reply = Ask("é: refund for ORD-10452, €189,00");
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply->entities_size(), 2);
  EXPECT_EQ(reply->entities(0).type(), "order_number");
  EXPECT_EQ(reply->entities(0).text(), "ORD-10452");
  EXPECT_EQ(reply->entities(0).value(), "10452");
  EXPECT_EQ(reply->entities(0).begin(), 15u);
  EXPECT_EQ(reply->entities(1).value(), "189.00 EUR");
}

TEST_F(HandlerTest, RefusesBytesThatAreNoText) {
  const auto reply = Ask("\xff\xfe");
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(reply.status()), "text");
}

TEST_F(HandlerTest, SummarizesWithoutPersonalData) {
  const auto reply = Ask("Where is my order 10452? someone@example.com");
  ASSERT_TRUE(reply.ok());
  EXPECT_THAT(Summarize(*reply), ::testing::MatchesRegex("intent=[A-Z_]+ [01]\\.[0-9]+ lang=en"));
  EXPECT_EQ(Summarize(v1::ClassifyReply()), "");
}

}  // namespace
}  // namespace switchboard::intent_classifier
