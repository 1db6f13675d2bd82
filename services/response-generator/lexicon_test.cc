#include "services/response-generator/lexicon.h"

#include "services/response-generator/test_data.h"

namespace switchboard::response_generator {
namespace {

TEST(Stem, OneFormForTheFormsOfAWord) {
  const std::pair<const char*, const char*> kSame[] = {
      {"returned", "returning"},     {"refunds", "refunded"},        {"deliver", "deliveries"},
      {"cancellation", "cancelled"}, {"shipping", "shipped"},        {"commandes", "commander"},
      {"annulation", "annuler"},     {"devoluciones", "devolucion"}, {"lamps", "lamp"},
  };
  for (const auto& [a, b] : kSame) EXPECT_EQ(Stem(a), Stem(b)) << a << " " << b;
  EXPECT_NE(Stem("care"), Stem("car"));
  EXPECT_EQ(Stem("10452"), "10452");
}

TEST(Normalized, FoldsAndSpaces) {
  EXPECT_EQ(Normalized("Où est l’ÉTÉ, svp?"), " ou est l ete svp ");
  EXPECT_EQ(Normalized("…"), " ");
}

TEST(Lexicon, ConceptsMatchAcrossLanguages) {
  const Lexicon& lexicon = TestLexicon();
  const std::vector<std::vector<std::string>> kSame = {{"refund", "remboursement", "reembolso"},
                                                       {"return", "retourner", "devolver"},
                                                       {"order", "commande", "pedido"},
                                                       {"warranty", "garantie", "garantia"},
                                                       {"password", "contrasena"},
                                                       {"points", "puntos"}};
  for (const auto& words : kSame) {
    for (const std::string& word : words) {
      EXPECT_EQ(lexicon.Look(word).hash, lexicon.Look(words[0]).hash) << word;
      EXPECT_TRUE(lexicon.Look(word).concept_word) << word;
    }
  }
  EXPECT_NE(lexicon.Look("refund").hash, lexicon.Look("return").hash);
  EXPECT_TRUE(lexicon.Look("the").stopword);
}

TEST(Lexicon, KindsAsked) {
  struct Case {
    const char* text;
    int kinds;
  };
  const Case kCases[] = {{"How long does it take?", kDuration},
                         {"Combien coûte la livraison ?", kCost},
                         {"¿Cómo devuelvo la lámpara?", kMethod},
                         {"Can I return it?", kPermission},
                         {"I like lamps", 0}};
  for (const Case& c : kCases) {
    EXPECT_EQ(TestLexicon().KindsAsked(Normalized(c.text)), c.kinds) << c.text;
  }
}

TEST(Lexicon, SmallTalk) {
  struct Case {
    const char* text;
    SmallTalk small_talk;
  };
  const Case kCases[] = {{"Hello!", SmallTalk::kGreeting},
                         {"Hi there, good morning", SmallTalk::kGreeting},
                         {"Bonjour", SmallTalk::kGreeting},
                         {"¡Buenos días!", SmallTalk::kGreeting},
                         {"Thanks a lot!", SmallTalk::kThanks},
                         {"Merci beaucoup, au revoir", SmallTalk::kGoodbye},
                         {"¿Eres un robot?", SmallTalk::kIdentity},
                         {"Hello, can you help me?", SmallTalk::kCapability},
                         {"Hello, where is my order?", SmallTalk::kNone},
                         {"Thanks, but how long does it take?", SmallTalk::kNone},
                         {"10452", SmallTalk::kNone}};
  for (const Case& c : kCases) {
    EXPECT_EQ(TestLexicon().SmallTalkOf(Normalized(c.text)), c.small_talk) << c.text;
  }
}

TEST(Lexicon, Register) {
  struct Case {
    const char* language;
    const char* text;
    int signal;
  };
  const Case kCases[] = {
      {"fr", "Peux-tu m'aider ?", 1},      {"fr", "Pouvez-vous m'aider, s'il vous plaît ?", -1},
      {"fr", "Où est ma commande ?", 0},   {"fr", "Il est têtu", 0},
      {"es", "¿Me puedes ayudar?", 1},     {"es", "¿Podría usted ayudarme?", -1},
      {"es", "¿Dónde está mi pedido?", 0}, {"en", "Can you help me?", 0}};
  for (const Case& c : kCases) {
    EXPECT_EQ(TestLexicon().RegisterSignal(Normalized(c.text), c.language), c.signal) << c.text;
  }
}

TEST(Lexicon, NegativeFeelings) {
  EXPECT_TRUE(TestLexicon().Negative(Normalized("This is unacceptable!")));
  EXPECT_TRUE(TestLexicon().Negative(Normalized("Je suis très déçue")));
  EXPECT_FALSE(TestLexicon().Negative(Normalized("Where is my order?")));
}

TEST(Lexicon, WrongFilesAreNamedEntryByEntry) {
  const absl::Status status =
      Lexicon::Parse(R"({"stopwords": ["a", 5], "kinds": {}})", ReadData("manners.json")).status();
  const std::string message(status.message());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* part : {"stopwords", "concepts", "kinds.duration", "facets.price", "intents"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part;
  }
  EXPECT_FALSE(Lexicon::Parse("[]", "{").ok());
}

}  // namespace
}  // namespace switchboard::response_generator
