#include "common/learning/clauses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace switchboard::learning {
namespace {

TEST(Clauses, ArePartsThatMayWantSomethingElse) {
  struct Case {
    const char* what;
    const char* message;
    std::vector<std::string> clauses;
  };
  const Case cases[] = {
      {"one clause stays whole", "where is my order", {"where is my order"}},
      {"sentences part",
       "It stopped heating today. What can I do?",
       {"It stopped heating today.", " What can I do?"}},
      {"joined clauses part",
       "return the shoes and cancel my plan",
       {"return the shoes", " cancel my plan"}},
      {"in French",
       "échanger la taille et connaître le délai",
       {"échanger la taille", " connaître le délai"}},
      {"things in a list stay together", "pots and pans", {"pots and pans"}},
      {"a greeting stays with what follows",
       "Hi. I want a refund please",
       {"Hi. I want a refund please"}},
      {"amounts do not end a sentence",
       "I paid 19.99 for the red one",
       {"I paid 19.99 for the red one"}},
      {"nothing has no clauses", "", {}},
  };
  for (const Case& c : cases) {
    std::vector<std::string_view> clauses;
    SplitClauses(c.message, clauses);
    EXPECT_EQ(std::vector<std::string>(clauses.begin(), clauses.end()), c.clauses) << c.what;
  }
}

TEST(Clauses, AreBoundedAndLoseNothing) {
  std::string message;
  for (int i = 0; i < 100; ++i) message += "where is my order? ";
  std::vector<std::string_view> clauses;
  SplitClauses(message, clauses);
  EXPECT_EQ(clauses.size(), kClausesMax);
  EXPECT_EQ(clauses.back().data() + clauses.back().size(), message.data() + message.size());
}

}  // namespace
}  // namespace switchboard::learning
