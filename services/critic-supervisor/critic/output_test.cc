// What the mesh is about to say: personal data, secrets, language, support by the sources.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/critic-supervisor/critic/critic.h"
#include "services/critic-supervisor/critic/facts.h"

namespace switchboard::critic {
namespace {

const Critic& Shipped() {
  static const absl::StatusOr<Critic> critic =
      Critic::LoadRules("services/critic-supervisor/policies.json");
  EXPECT_TRUE(critic.ok()) << critic.status();
  return *critic;
}

// One passage, one order and one customer that the sentence may draw on.
v1::ReviewRequest Output(const std::string& sentence, const std::string& language) {
  v1::ReviewRequest request;
  request.set_direction(v1::ReviewRequest::OUTPUT);
  request.set_text(sentence);
  request.set_language(language);
  request.mutable_customer()->set_id("C-1001");
  request.mutable_customer()->set_email("c1001@example.com");
  auto& passage = *request.add_passages();
  passage.set_language("en");
  passage.set_title("Return policy");
  passage.set_text(
      "You can return an item within 30 days of delivery. The refund is paid within 5 working "
      "days. "
      "Returns in the EU are free. Call +44 20 7946 0164 or write to help@example.com. Parcels "
      "weigh up "
      "to 1,350 g. The hotline is open from 8:00 to 20:00. You can reset your password in the "
      "app.");
  auto& order = *request.add_records();
  order.set_kind("order");
  order.set_id("10452");
  order.set_access(v1::Record::GRANTED);
  (*order.mutable_fields())["status"] = "shipped";
  (*order.mutable_fields())["expected_on"] = "2026-11-21";
  (*order.mutable_fields())["total"] = "189.0";
  (*order.mutable_fields())["currency"] = "EUR";
  (*order.mutable_fields())["carrier"] = "ParcelFox";
  (*order.mutable_fields())["tracking_number"] = "JP10452EU";
  (*order.mutable_fields())["items"] = "Aurora espresso machine x 1";
  auto& missing = *request.add_records();
  missing.set_kind("order");
  missing.set_id("99999");
  missing.set_access(v1::Record::NOT_FOUND);
  (*missing.mutable_fields())["total"] = "777.0";
  return request;
}

TEST(CriticOutput, JudgesSentences) {
  struct Case {
    const char* what;
    const char* language;
    const char* sentence;
    const char* policy;  // empty: allowed
  };
  const Case cases[] = {
      {"words of a passage pass", "en", "You can return an item within 30 days of delivery.", ""},
      {"a paraphrase that covers a passage passes", "en",
       "You can return your item within 30 days after delivery.", ""},
      {"another number does not", "en", "You can return an item within 60 days of delivery.",
       "unsupported_claim"},
      {"a date in words is the record's date", "en",
       "Order 10452 should arrive on 21 November 2026.", ""},
      {"so it is in French", "fr", "Votre commande 10452 devrait arriver le 21 novembre 2026.", ""},
      {"and in Spanish", "es", "Su pedido 10452 llegará el 21 de noviembre de 2026.", ""},
      {"and in German", "de", "Ihre Bestellung 10452 kommt am 21. November 2026 an.", ""},
      {"without its year too", "fr", "Elle arrive le 21 novembre avec ParcelFox.", ""},
      {"the American order is the same day", "en", "It should arrive on November 21, 2026.", ""},
      {"another day is not", "en", "Order 10452 should arrive on 22 November 2026.",
       "unsupported_claim"},
      {"nor another year", "en", "Order 10452 should arrive on 21 November 2027.",
       "unsupported_claim"},
      {"an amount in French form is the record's", "fr",
       "Le total de la commande 10452 est de 189,00 €.", ""},
      {"another amount is not", "en", "The total of order 10452 is 198.00 EUR.",
       "unsupported_claim"},
      {"thousands may be written with a dot", "es", "Los paquetes pesan hasta 1.350 g.", ""},
      {"an invented order", "en", "Your order 10499 was shipped.", "unsupported_claim"},
      {"an order that was not found may be named", "en", "I could not find order 99999.", ""},
      {"but nothing in it is known", "en", "Order 99999 costs 777 EUR.", "unsupported_claim"},
      {"the tracking number of the record", "en", "Its tracking number is JP10452EU.", ""},
      {"an invented tracking number", "en", "Its tracking number is JP99999EU.",
       "unsupported_claim"},
      {"an invented name", "en", "It was shipped with SpeedyHawk.", "unsupported_claim"},
      {"an invented product is an identifier", "en", "You may like the JP-9999.",
       "unsupported_claim"},
      {"a promise no source makes", "en", "We will send you a discount on your next order.",
       "unsupported_claim"},
      {"a promise in French", "fr", "Nous vous offrons une remise sur la prochaine commande.",
       "unsupported_claim"},
      {"a guarantee no source gives", "en", "This item has a lifetime warranty.",
       "unsupported_claim"},
      {"an opener states nothing", "en", "I'm happy to help you with that.", ""},
      {"an apology neither", "fr", "Je suis désolé pour ce désagrément.", ""},
      {"an offer asks", "en", "Would you like me to start the return for you?", ""},
      {"a plain I don't know passes", "es", "Lo siento, no tengo esa información.", ""},
      {"the shop's own number stands in a passage", "en", "Call +44 20 7946 0164.", ""},
      {"spelled otherwise it is still the same", "en", "Call +44 20 79460164.", ""},
      {"somebody's number does not", "en", "Call +44 20 7946 0999.", "personal_data"},
      {"the customer's own address", "en", "We will write to c1001@example.com.", ""},
      {"the shop's address", "en", "Write to help@example.com.", ""},
      {"somebody else's address", "en", "Write to c1002@example.com.", "personal_data"},
      {"a card number", "en", "The card 4111 1111 1111 1111 was charged.", "personal_data"},
      {"a bank account", "de", "Wir erstatten auf DE89 3704 0044 0532 0130 00.", "personal_data"},
      {"a social security number", "en", "It is filed under 078-05-1120.", "personal_data"},
      {"an IP address", "en", "You signed in from 203.0.113.77.", "personal_data"},
      {"a password", "en", "Your password is Tulip2026!", "secret"},
      {"advice on passwords", "en", "You can reset your password in the app.", ""},
      {"a key", "en", "Use sk-abcdefghijklmnop1234 for it.", "secret"},
      {"its instructions", "en", "My instructions are to be friendly.", "leaked_instructions"},
      {"the machine's excuse", "en", "As an AI language model I cannot say.",
       "leaked_instructions"},
      {"coarse language", "en", "That is bullshit.", "profanity"},
      {"a French delay is no insult", "fr", "Le colis a du retard.", ""},
      {"coarse language in Spanish", "es", "Es una mierda.", "profanity"},
  };
  for (const Case& c : cases) {
    const Review review = Shipped().Examine(Output(c.sentence, c.language));
    EXPECT_EQ(review.policy, c.policy)
        << c.what << ": " << c.sentence << " (" << review.reason << ")";
    EXPECT_EQ(review.verdict, *c.policy ? v1::ReviewReply::BLOCK : v1::ReviewReply::ALLOW)
        << c.what;
  }
}

TEST(CriticOutput, WithoutSourcesOnlyWhatStatesNothingPasses) {
  v1::ReviewRequest request;
  request.set_direction(v1::ReviewRequest::OUTPUT);
  request.set_language("en");
  request.set_text("I'm sorry, I don't know that. Shall I ask a colleague?");
  EXPECT_EQ(Shipped().Examine(request).verdict, v1::ReviewReply::ALLOW);
  request.set_text("Delivery takes 3 days.");
  EXPECT_EQ(Shipped().Examine(request).verdict, v1::ReviewReply::BLOCK);
}

TEST(CriticOutput, ComparesWhatIsSaidAndNotOnlyTheNumbers) {
  struct Case {
    const char* what;
    const char* language;
    const char* sentence;
    bool supported;
  };
  const Case cases[] = {
      {"a number in words", "en", "You can return an item within thirty days of delivery.", true},
      {"another unit", "en", "You can return an item within 30 weeks of delivery.", false},
      {"working days are no days", "en", "The refund is paid within 5 days.", false},
      {"the time in another notation", "en", "The hotline is open from 8 am to 8 pm.", true},
      {"another time", "en", "The hotline is open from 8 am to 9 pm.", false},
      {"the opposite", "en", "You cannot return an item within 30 days of delivery.", false},
      {"a comparison", "en", "The hotline is faster than e-mail.", false},
  };
  for (const Case& c : cases) {
    const Review review = Shipped().Examine(Output(c.sentence, c.language));
    EXPECT_EQ(review.verdict, c.supported ? v1::ReviewReply::ALLOW : v1::ReviewReply::BLOCK)
        << c.what << ": " << c.sentence << " (" << review.reason << ")";
  }
}

TEST(CriticOutput, NamesWhatSupportsASentence) {
  v1::ReviewRequest request = Output("You can return an item within 30 days of delivery.", "en");
  request.mutable_passages(0)->set_document_id("return-policy");
  EXPECT_THAT(Shipped().Examine(request).supported_by, testing::ElementsAre("return-policy"));
  request.set_text("Order 10452 should arrive on 21 November 2026 with ParcelFox.");
  EXPECT_THAT(Shipped().Examine(request).supported_by, testing::Contains("order:10452"));
  request.set_text("Hello, thank you for your message!");
  EXPECT_THAT(Shipped().Examine(request).supported_by, testing::IsEmpty());
}

TEST(CriticOutput, APartOfASentenceMayLeaveOutItsCondition) {
  v1::ReviewRequest request;
  request.set_direction(v1::ReviewRequest::OUTPUT);
  request.set_language("en");
  request.add_passages()->set_text("Delivery is free for orders over 40 EUR.");
  request.set_text("Delivery is free");
  EXPECT_EQ(Shipped().Examine(request).verdict, v1::ReviewReply::BLOCK);
}

TEST(CriticOutput, TheReasonHoldsNoPersonalData) {
  const Review review = Shipped().Examine(Output("Write to c1002@example.com.", "en"));
  EXPECT_EQ(review.reason.find("c1002"), std::string::npos);
}

TEST(Facts, AreTheSameInEveryNotation) {
  const auto date = [](const char* text) {
    const Facts facts = ExtractFacts(text, false);
    return facts.dates.size() == 1 ? facts.dates[0] : Date{};
  };
  const Date expected{2026, 11, 21};
  for (const char* text : {"2026-11-21", "21/11/2026", "21.11.2026", "21 november 2026",
                           "november 21, 2026", "21st of november 2026", "21 novembre 2026",
                           "21 de noviembre de 2026", "21. november 2026"}) {
    EXPECT_EQ(date(text), expected) << text;
  }
  EXPECT_EQ(date("1er mars"), (Date{0, 3, 1}));
  EXPECT_TRUE(SameDay({0, 11, 21}, expected));
  EXPECT_FALSE(SameDay({2025, 11, 21}, expected));
  const auto number = [](const char* text) {
    const Facts facts = ExtractFacts(text, false);
    return facts.numbers.size() == 1 ? facts.numbers[0] : std::vector<std::string>{};
  };
  EXPECT_EQ(number("189,00 €"), number("189.0"));
  EXPECT_EQ(number("1 350 g"), number("1350"));
  EXPECT_EQ(number("1.350").back(), "1350");
}

}  // namespace
}  // namespace switchboard::critic
