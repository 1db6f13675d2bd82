// Whole answers, from a request as the supervisor sends it.
#include "services/response-generator/test_ask.h"

namespace switchboard::response_generator {
namespace {

struct Scenario {
  const char* what;
  Ask ask;
  bool answered;
  const char* language;
  // Document ids that must be cited, separated by spaces; "-": none.
  const char* cited;
  std::vector<const char*> contains;
  std::vector<const char*> lacks = {};
};

TEST(Answer, Scenarios) {
  const Scenario kScenarios[] = {
      {"a policy question is quoted",
       Ask("How long does a refund take?").Intent("REFUND_STATUS").Shop(),
       true,
       "en",
       "refund-times",
       {"within 5 working days", "3 to 7 days"}},
      {"a how-to is read out whole",
       Ask("How do I return the kettle?").Intent("RETURN_REQUEST").Shop(),
       true,
       "en",
       "start-a-return",
       {"\n1. Choose the items.", "\n2. Print the label.", "\n3. Hand in"}},
      {"an order's state comes from the record",
       Ask("Where is my order 10452?").Intent("ORDER_STATUS").Shop().Order("shipped"),
       true,
       "en",
       "order:10452",
       {"10452", "21 November 2026"},
       {"refund"}},
      {"in French",
       Ask("Où est ma commande 10452 ?", "fr").Intent("ORDER_STATUS").Order("shipped"),
       true,
       "fr",
       "order:10452",
       {"otre commande 10452", "21 novembre 2026"}},
      {"in French, informally",
       Ask("Tu sais où est ma commande 10452 ?", "fr").Intent("ORDER_STATUS").Order("shipped"),
       true,
       "fr",
       "order:10452",
       {"Ta commande 10452"},
       {"otre commande"}},
      {"in Spanish, a region's code",
       Ask("¿Dónde está mi pedido 10452?", "es-MX").Intent("ORDER_STATUS").Order("delivered"),
       true,
       "es",
       "order:10452",
       {"pedido 10452", "20 de noviembre de 2026"}},
      {"in Spanish, informally",
       Ask("Oye, ¿dónde está mi pedido 10452?", "es").Intent("ORDER_STATUS").Order("shipped"),
       true,
       "es",
       "order:10452",
       {"Tu pedido 10452"},
       {"su pedido"}},
      {"a language we do not speak is answered in English",
       Ask("Wo ist meine Bestellung 10452?", "de").Intent("ORDER_STATUS").Order("shipped"),
       true,
       "en",
       "order:10452",
       {"our order 10452"}},
      {"the tracking number when asked",
       Ask("What is the tracking number of 10452?").Intent("TRACKING_UPDATE").Order("shipped"),
       true,
       "en",
       "order:10452",
       {"JP10452EU", "ParcelFox"}},
      {"no tracking number yet",
       Ask("Can I track order 10452?").Intent("TRACKING_UPDATE").Order("processing"),
       true,
       "en",
       "order:10452",
       {"tracking number"},
       {"JP10452EU"}},
      {"what is in an order and what it cost",
       Ask("Which items are in order 10452 and what was the total?")
           .Intent("ORDER_STATUS")
           .Order("shipped"),
       true,
       "en",
       "order:10452",
       {"Brook kettle", "287.00 EUR"}},
      {"no refund on record",
       Ask("Where is my refund for 10452?").Intent("REFUND_STATUS").Order("delivered"),
       true,
       "en",
       "order:10452",
       {"refund", "order 10452"},
       {"EUR"}},
      {"nobody signed in: nothing is told",
       Ask("Where is my order 10452?")
           .Intent("ORDER_STATUS")
           .Order("", v1::Record::SIGN_IN_REQUIRED),
       true,
       "en",
       "-",
       {"ign in"},
       {"10452", "shipped", "ParcelFox", "exist"}},
      {"nobody signed in, French",
       Ask("Où est ma commande 10452 ?", "fr")
           .Intent("ORDER_STATUS")
           .Order("", v1::Record::SIGN_IN_REQUIRED),
       true,
       "fr",
       "-",
       {"onnect"},
       {"10452"}},
      {"no such order in this account",
       Ask("Where is my order 10452?").Intent("ORDER_STATUS").Order("", v1::Record::NOT_FOUND),
       true,
       "en",
       "-",
       {"10452", "your account"},
       {"shipped"}},
      {"no such order, Spanish",
       Ask("¿Dónde está mi pedido 10452?", "es")
           .Intent("ORDER_STATUS")
           .Order("", v1::Record::NOT_FOUND),
       true,
       "es",
       "-",
       {"10452", "su cuenta"}},
      {"two wishes, both addressed",
       Ask("Cancel order 10452 and how do I return the kettle?")
           .Intent("CANCELLATION", 0.6)
           .Intent("RETURN_REQUEST", 0.3)
           .Shop()
           .Order("shipped"),
       true,
       "en",
       "order:10452 cancel-order start-a-return",
       {"10452", "as long as its status", "start a return"}},
      {"the price of a product",
       Ask("How much is the Aurora?").Intent("PRODUCT_INQUIRY").Product(),
       true,
       "en",
       "product:JP-1001",
       {"189.00 EUR"},
       {"stock"}},
      {"its price in French",
       Ask("Quel est le prix de l'Aurora ?", "fr").Intent("PRODUCT_INQUIRY").Product(),
       true,
       "fr",
       "product:JP-1001",
       {"189,00 €"}},
      {"a feature is quoted from the description",
       Ask("Does the Aurora have Bluetooth?").Intent("PRODUCT_INQUIRY").Product(),
       true,
       "en",
       "product:JP-1001",
       {"1.5 l water tank and Bluetooth."},
       {"EUR"}},
      {"a feature nobody knows is not invented",
       Ask("Does the Aurora play Mozart?").Intent("PRODUCT_INQUIRY").Product(),
       false,
       "en",
       "-",
       {"colleague"},
       {"Bluetooth"}},
      {"\"is it in stock?\" is about the focus",
       Ask("Is it in stock?")
           .Intent("PRODUCT_INQUIRY")
           .History("How much is the Aurora?")
           .Product(),
       true,
       "en",
       "product:JP-1001",
       {"in stock"},
       {"189.00"}},
      {"\"and how long does that take?\" is about what was said before",
       Ask("And how long does that take?")
           .Intent("REFUND_STATUS", 0.5)
           .History("How do I get a refund?")
           .Shop(),
       true,
       "en",
       "refund-times",
       {"5 working days"}},
      {"French passages for a French question",
       Ask("Combien de temps ai-je pour retourner un article ?", "fr")
           .Intent("RETURN_REQUEST")
           .Shop(),
       true,
       "fr",
       "return-policy.fr",
       {"dans les 30 jours"}},
      {"only English passages: said so, then quoted",
       Ask("Combien de temps prend un remboursement ?", "fr")
           .Intent("REFUND_STATUS")
           .Passage("refund-times", "How long does a refund take?", kRefundText),
       true,
       "fr",
       "refund-times",
       {"qu'en anglais", "We issue your refund within 5"}},
      {"only English passages, Spanish",
       Ask("¿Cuánto tarda un reembolso?", "es")
           .Intent("REFUND_STATUS")
           .Passage("refund-times", "How long does a refund take?", kRefundText),
       true,
       "es",
       "refund-times",
       {"en inglés", "We issue your refund"}},
      {"Spanish passages for a Spanish question",
       Ask("¿Cuánto tarda el envío a España?", "es").Intent("SHIPPING_ESTIMATE").Shop(),
       true,
       "es",
       "delivery-times.es",
       {"de 4 a 6 días"}},
      {"nothing found",
       Ask("Do you sell helicopters?").Intent("GENERAL_INQUIRY").Shop(),
       false,
       "en",
       "-",
       {"colleague"},
       {"helicopter"}},
      {"nothing found, French",
       Ask("Vendez-vous des hélicoptères ?", "fr").Intent("GENERAL_INQUIRY").Shop(),
       false,
       "fr",
       "-",
       {"collègue"}},
      {"nothing found twice: a person is offered more firmly",
       Ask("Do you sell helicopters?").Intent("GENERAL_INQUIRY").History("Any submarines?", false),
       false,
       "en",
       "-",
       {"hand you over"}},
      {"no passages at all",
       Ask("How long does a refund take?").Intent("REFUND_STATUS"),
       false,
       "en",
       "-",
       {"colleague"}},
      {"out of scope",
       Ask("What is the capital of France?").Intent("OUT_OF_SCOPE").Shop(),
       false,
       "en",
       "-",
       {"Juniper & Pine"}},
      {"unsure whether out of scope: good passages answer",
       Ask("How long does a refund take?").Intent("OUT_OF_SCOPE", 0.4).Shop(),
       true,
       "en",
       "refund-times",
       {"5 working days"}},
      {"a complaint opens with an apology",
       Ask("My kettle arrived damaged, this is unacceptable")
           .Intent("COMPLAINT")
           .Passage("parcel-damaged", "What if my item arrived damaged?", kDamagedText),
       true,
       "en",
       "parcel-damaged",
       {"sorry", "report it within 7 days"}},
      {"a complaint without evidence",
       Ask("You are the worst").Intent("COMPLAINT"),
       false,
       "en",
       "-",
       {"sorry", "colleague"}},
      {"a complaint in Spanish",
       Ask("Esto es inaceptable", "es").Intent("COMPLAINT"),
       false,
       "es",
       "-",
       {"compañero"}},
      {"greeting", Ask("Hello!").Intent("GENERAL_INQUIRY").Shop(), true, "en", "-", {"help", "?"}},
      {"thanks in French", Ask("Merci beaucoup !", "fr").Shop(), true, "fr", "-", {}},
      {"goodbye in Spanish", Ask("¡Gracias, adiós!", "es"), true, "es", "-", {"asta"}},
      {"who are you", Ask("Are you a robot?"), true, "en", "-", {"automated assistant"}},
      {"feedback without a question",
       Ask("Your tents are great").Intent("FEEDBACK"),
       true,
       "en",
       "-",
       {"Thank you"}},
      {"a person was asked for",
       Ask("I want to talk to a human")
           .Intent("ESCALATION_REQUEST")
           .Shop()
           .Escalated("human_requested", "normal"),
       true,
       "en",
       "-",
       {"colleague", "T-4F2A"}},
      {"anger, with an order: state and hand-over",
       Ask("Where the hell is my order 10452?!")
           .Intent("ORDER_STATUS")
           .Order("delayed")
           .Escalated("anger"),
       true,
       "en",
       "order:10452",
       {"sorry", "25", "T-4F2A"},
       {}},
      {"bereavement: no policy is quoted",
       Ask("My husband died, how do I return the kettle?")
           .Intent("RETURN_REQUEST")
           .Shop()
           .Escalated("bereavement"),
       true,
       "en",
       "-",
       {"colleague", "T-4F2A"},
       {"My orders"}},
      {"an unknown reason is handed over, too",
       Ask("Ayuda con mi caso", "es").Escalated("volcano", "whenever"),
       true,
       "es",
       "-",
       {"compañero", "T-4F2A"}},
      {"the classifier is away",
       Ask("How long does a refund take?").Shop(),
       true,
       "en",
       "refund-times",
       {"5 working days"}},
      {"the classifier is away, an order is named",
       Ask("What about 10452?").Order("shipped"),
       true,
       "en",
       "order:10452",
       {"10452"}},
  };
  static_assert(std::size(kScenarios) >= 30);
  for (Scenario s : kScenarios) {
    if (std::string_view(s.what).starts_with("anger")) {
      (*s.ask.request().mutable_records(0)->mutable_fields())["expected_on"] = "2026-11-25";
    }
    const v1::GenerateReply reply = Answer(s.ask);
    const std::string whole = Whole(reply);
    ExpectSound(s.ask, reply, s.what);
    EXPECT_EQ(reply.answered(), s.answered) << s.what << ": " << whole;
    EXPECT_EQ(reply.language(), s.language) << s.what;
    std::set<std::string_view> cited;
    for (const v1::Citation& citation : reply.citations()) cited.insert(citation.document_id());
    if (std::string_view(s.cited) == "-") {
      EXPECT_TRUE(cited.empty()) << s.what << ": " << whole;
    } else {
      const std::vector<std::string_view> wanted = SplitNonEmpty(s.cited, " ");
      EXPECT_EQ(cited, std::set<std::string_view>(wanted.begin(), wanted.end()))
          << s.what << ": " << whole;
    }
    for (const char* part : s.contains) {
      EXPECT_NE(whole.find(part), std::string::npos) << s.what << ": " << part << " in " << whole;
    }
    for (const char* part : s.lacks) {
      EXPECT_EQ(whole.find(part), std::string::npos) << s.what << ": " << part << " in " << whole;
    }
  }
}

TEST(Answer, AllStatusesInAllLanguages) {
  for (const char* status : {"processing", "shipped", "out_for_delivery", "delivered", "cancelled",
                             "returned", "refunded", "delayed"}) {
    for (const char* language : {"en", "fr", "es"}) {
      const Ask ask = Ask("10452?", language).Intent("ORDER_STATUS").Order(status);
      const v1::GenerateReply reply = Answer(ask);
      ExpectSound(ask, reply, StrCat(status, " ", language));
      EXPECT_TRUE(reply.answered());
      ASSERT_EQ(reply.citations_size(), 1);
      EXPECT_NE(reply.citations(0).quote().find(StrCat("status: ", status)), std::string::npos);
      EXPECT_NE(Whole(reply).find("10452"), std::string::npos);
    }
  }
}

TEST(Answer, TheSameRequestGivesTheSameReply) {
  const Ask ask = Ask("How long does a refund take?").Intent("REFUND_STATUS").Shop();
  EXPECT_EQ(Answer(ask).SerializeAsString(), Answer(ask).SerializeAsString());
}

TEST(Answer, WordingVariesBetweenMessages) {
  std::set<std::string> said;
  for (int i = 0; i < 20; ++i) {
    said.insert(
        Whole(Answer(Ask(StrCat("Do you sell submarine ", i, "?")).Intent("GENERAL_INQUIRY"))));
  }
  EXPECT_GT(said.size(), 1u);
}

TEST(Answer, ImmediateWordsOpenItVerbatimOnEveryAttempt) {
  const std::string kWords = "If you are in danger, please call your local emergency number now.";
  for (const uint32_t attempt : {1u, 2u, 3u}) {
    Ask ask = Ask("I can't go on").Escalated("self_harm", "urgent").Attempt(attempt, {});
    ask.request().set_immediate_words(kWords);
    const v1::GenerateReply reply = Answer(ask);
    EXPECT_EQ(reply.sentences(0), kWords) << attempt;
    EXPECT_NE(Whole(reply).find("T-4F2A"), std::string::npos) << attempt;
    EXPECT_EQ(reply.citations_size(), 0) << attempt;
  }
}

TEST(Answer, FeedbackReducesTheAnswer) {
  const auto ask = [] {
    return Ask("Hello, how long does a refund take?").Intent("REFUND_STATUS").Shop();
  };
  const v1::GenerateReply first = Answer(ask());
  ASSERT_GE(first.sentences_size(), 2);
  const std::string rejected = first.citations(1).quote();

  const v1::GenerateReply quoted =
      Answer(ask().Attempt(2, {StrCat("not supported: \"", rejected, "\"")}));
  EXPECT_LT(quoted.sentences_size(), first.sentences_size());
  EXPECT_EQ(Whole(quoted).find(rejected), std::string::npos);
  EXPECT_TRUE(quoted.answered());

  int index = 0;
  while (first.sentences(index) != rejected) ++index;
  const v1::GenerateReply numbered =
      Answer(ask().Attempt(2, {StrCat("sentence ", index, ": unsupported")}));
  EXPECT_EQ(Whole(numbered).find(rejected), std::string::npos);

  const v1::GenerateReply vague = Answer(ask().Attempt(2, {"not good enough"}));
  EXPECT_LT(vague.sentences_size(), first.sentences_size());

  const v1::GenerateReply last = Answer(ask().Attempt(3, {"a", "b"}));
  EXPECT_EQ(last.sentences_size(), 1);
  EXPECT_EQ(last.citations_size(), 0);
  EXPECT_FALSE(last.answered());
}

TEST(Answer, PersonalDataObjectedToIsNotRepeated) {
  const v1::GenerateReply reply = Answer(Ask("Where is my order 10452?")
                                             .Intent("ORDER_STATUS")
                                             .Order("shipped")
                                             .Attempt(2, {"sentence 0: personal data"}));
  EXPECT_EQ(Whole(reply).find("10452"), std::string::npos);
  EXPECT_FALSE(reply.answered());
}

TEST(Answer, FocusIsWhatWasSpokenOf) {
  Ask order = Ask("Where is my order 10452?").Intent("ORDER_STATUS").Order("shipped");
  order.request().mutable_focus()->set_document_id("old");
  const v1::Focus after_order = Answer(order).focus();
  EXPECT_EQ(after_order.order_id(), "10452");
  EXPECT_EQ(after_order.document_id(), "");
  EXPECT_EQ(after_order.intent(), "ORDER_STATUS");

  Ask policy = Ask("How long does a refund take?").Intent("REFUND_STATUS").Shop();
  policy.request().mutable_focus()->set_order_id("10452");
  const v1::Focus after_policy = Answer(policy).focus();
  EXPECT_EQ(after_policy.order_id(), "10452");
  EXPECT_EQ(after_policy.document_id(), "refund-times");

  Ask thanks = Ask("Thanks!").Intent("GENERAL_INQUIRY");
  *thanks.request().mutable_focus() = after_policy;
  EXPECT_EQ(Answer(thanks).focus().SerializeAsString(), after_policy.SerializeAsString());
}

TEST(Answer, NothingLeaksFromARecordThatIsNotGranted) {
  // Even if a record came with fields by mistake.
  for (const auto access :
       {v1::Record::SIGN_IN_REQUIRED, v1::Record::NOT_FOUND, v1::Record::ACCESS_UNSPECIFIED}) {
    Ask ask = Ask("Where is my order 10452?").Intent("ORDER_STATUS").Order("shipped");
    ask.request().mutable_records(0)->set_access(access);
    const v1::GenerateReply reply = Answer(ask);
    for (const char* secret : {"shipped", "ParcelFox", "JP10452EU", "November", "Aurora"}) {
      EXPECT_EQ(Whole(reply).find(secret), std::string::npos) << access << " " << secret;
    }
    EXPECT_EQ(reply.citations_size(), 0);
  }
}

TEST(Answer, SurvivesOddInput) {
  const std::string long_word(4000, 'a');
  for (const std::string& text :
       {std::string("?"), std::string("…"), long_word, std::string("and and and and how how"),
        std::string("1 2 3 4 5"), std::string("«»“”\"'"), std::string("\n\n\n"),
        std::string("你好吗？"), std::string(500, '?')}) {
    for (const char* passage : {"", ".", "1.", "- ", "1. 2. 3.", "#", "\n\n", "a"}) {
      const Ask ask = Ask(text).Passage("d", passage, passage);
      ExpectSound(ask, Answer(ask), text.substr(0, 20));
    }
  }
}

TEST(Answerer, NamesNoLanguageThatHasNoName) {
  for (const char* language : {"-", "- ", "-FR"}) {
    Ask ask("How long does a refund take?");
    ask.Intent("REFUND_STATUS").Passage("refund-times", "Refunds", kRefundText, language);
    const v1::GenerateReply reply = Answer(ask);
    ASSERT_FALSE(reply.sentences().empty());
    for (const std::string& sentence : reply.sentences()) EXPECT_NE(sentence, "") << language;
  }
}

TEST(Answerer, TellsNothingOfARecordWithoutAnId) {
  for (const auto access :
       {v1::Record::SIGN_IN_REQUIRED, v1::Record::NOT_FOUND, v1::Record::GRANTED}) {
    Ask ask("my order 10452?");
    ask.Intent("ORDER_STATUS");
    v1::Record* record = ask.request().add_records();
    record->set_kind("order");
    record->set_access(access);
    (*record->mutable_fields())["status"] = "shipped";
    const v1::GenerateReply reply = Answer(ask);
    ASSERT_FALSE(reply.sentences().empty());
    for (const std::string& sentence : reply.sentences()) EXPECT_NE(sentence, "") << access;
    EXPECT_TRUE(reply.citations().empty()) << access;
  }
}

}  // namespace
}  // namespace switchboard::response_generator
