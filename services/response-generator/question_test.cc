#include "services/response-generator/question.h"

#include "services/response-generator/test_data.h"

namespace switchboard::response_generator {
namespace {

TEST(Understand, CutsAMessageIntoItsQuestions) {
  struct Case {
    const char* what;
    const char* text;
    std::vector<std::string> clauses;
  };
  const Case kCases[] = {
      {"one question", "How do I return the lamp?", {"How do I return the lamp?"}},
      {"two with a conjunction",
       "Cancel order 10452 and how do I return the lamp?",
       {"Cancel order 10452 ", "and how do I return the lamp?"}},
      {"a list is not two questions",
       "How do I return the lamp and the kettle?",
       {"How do I return the lamp and the kettle?"}},
      {"two sentences",
       "Where is my order? What does express delivery cost?",
       {"Where is my order?", "What does express delivery cost?"}},
      {"statement and question belong together",
       "I bought a lamp. Can I return it?",
       {"I bought a lamp. Can I return it?"}},
      {"French",
       "Où est mon colis et comment retourner la lampe ?",
       {"Où est mon colis ", "et comment retourner la lampe ?"}},
      {"Spanish",
       "¿Cuánto cuesta el envío y cómo devuelvo la lámpara?",
       {"¿Cuánto cuesta el envío ", "y cómo devuelvo la lámpara?"}},
  };
  for (const Case& c : kCases) {
    v1::GenerateRequest request;
    request.set_text(c.text);
    const Question question = Understand(request, TestLexicon(), "en");
    std::vector<std::string> got;
    for (const Clause& clause : question.clauses) got.emplace_back(clause.text);
    EXPECT_EQ(got, c.clauses) << c.what;
  }
}

TEST(Understand, FollowUpsBorrowTheWordsBefore) {
  struct Case {
    const char* text;
    bool history;
    bool follow_up;
  };
  const Case kCases[] = {{"and how long does that take?", true, true},
                         {"is it in stock?", true, true},
                         {"et combien de temps ?", true, true},
                         {"and how long does that take?", false, false},
                         {"How do I reset the password of my account?", true, false}};
  for (const Case& c : kCases) {
    v1::GenerateRequest request;
    request.set_text(c.text);
    if (c.history) request.add_history()->set_text("How do I return the lamp?");
    const Question question = Understand(request, TestLexicon(), "en");
    EXPECT_EQ(question.follow_up, c.follow_up) << c.text;
    EXPECT_EQ(!question.earlier.empty(), c.follow_up) << c.text;
  }
}

TEST(Understand, RegisterComesFromTheCustomersWordsAlsoEarlierOnes) {
  v1::GenerateRequest request;
  request.set_text("Où est la commande 10452 ?");
  EXPECT_EQ(Understand(request, TestLexicon(), "fr").how, Register::kFormal);
  request.add_history()->set_text("Salut, peux-tu m'aider ?");
  EXPECT_EQ(Understand(request, TestLexicon(), "fr").how, Register::kInformal);
}

TEST(Understand, IntentsBelowTheMinimumAreDropped) {
  v1::GenerateRequest request;
  request.set_text("x");
  for (const auto& [name, confidence] : {std::pair{"COMPLAINT", 0.6}, std::pair{"FEEDBACK", 0.1}}) {
    v1::Intent* intent = request.add_intents();
    intent->set_name(name);
    intent->set_confidence(confidence);
  }
  const Question question = Understand(request, TestLexicon(), "en");
  EXPECT_EQ(question.top_intent(), "COMPLAINT");
  EXPECT_TRUE(question.negative);
  EXPECT_FALSE(question.HasIntent("FEEDBACK"));
}

}  // namespace
}  // namespace switchboard::response_generator
