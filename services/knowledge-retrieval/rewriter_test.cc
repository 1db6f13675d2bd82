#include "services/knowledge-retrieval/rewriter.h"

#include <gtest/gtest.h>

#include "services/knowledge-retrieval/test_data.h"

namespace switchboard::knowledge_retrieval {
namespace {

TEST(Rewrite, GivesALeaningQuestionItsContext) {
  const struct {
    const char* what;
    std::vector<std::string_view> previous;
    const char* focus_title;
    const char* text;
    const char* context;
    bool anaphoric;
  } cases[] = {
      {"a pronoun",
       {"How do I return my boots?"},
       "",
       "how long does that take?",
       "return boots",
       true},
      {"a continuation in French",
       {"Combien coûte la livraison en France ?"},
       "",
       "et pour l'Espagne ?",
       "coute livraison france",
       false},
      {"a continuation in Spanish",
       {"¿Cuánto cuesta el envío a Francia?"},
       "",
       "¿y a España?",
       "cuesta envio francia",
       false},
      {"what about it", {"Is the Aurora in stock?"}, "", "what about it?", "aurora stock", true},
      {"the document's title when there is no message",
       {},
       "Return policy",
       "how long does it take?",
       "return policy",
       true},
      {"message first, then title",
       {"Can I return boots?"},
       "Return policy",
       "and how much is that?",
       "return boots policy",
       true},
      {"a message that leaned itself adds the one before",
       {"How do I descale the Aurora?", "and how often?"},
       "",
       "is it expensive?",
       "often descale aurora",
       true},
      {"words of the question are not repeated",
       {"return boots size"},
       "",
       "what about boots?",
       "return size",
       false},
      {"a question that stands alone",
       {"How do I return my boots?"},
       "Return policy",
       "do you ship parcels to Germany by express",
       "",
       false},
      {"a pronoun in a question with enough words",
       {"How do I return my boots?"},
       "",
       "is it possible to pay an invoice with two gift cards",
       "",
       false},
      {"a first message", {}, "", "and how long does that take?", "", true},
      {"thanks ask for nothing", {"How do I return my boots?"}, "", "Thanks!", "", false},
      {"order numbers are no context",
       {"where is order 10452 now"},
       "",
       "and when does it come?",
       "order",
       true},
  };
  for (const auto& c : cases) {
    const Rewriting rewriting =
        Rewrite(TestAnalyzer(), TestDialogue(),
                {.text = c.text, .previous = c.previous, .focus_title = c.focus_title});
    EXPECT_EQ(rewriting.context, c.context) << c.what;
    EXPECT_EQ(rewriting.anaphoric, c.anaphoric) << c.what;
  }
}

TEST(Rewrite, BoundsTheContext) {
  const Rewriting rewriting =
      Rewrite(TestAnalyzer(), TestDialogue(),
              {.text = "and that?",
               .previous = {"kettle lamp tent boots jacket grinder press mixer board filter"},
               .focus_title = ""});
  EXPECT_EQ(SplitWords(rewriting.context).size(), kContextWordsMax);
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
