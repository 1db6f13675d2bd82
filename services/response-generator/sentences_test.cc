#include "services/response-generator/sentences.h"

#include <gtest/gtest.h>

namespace switchboard::response_generator {
namespace {

struct Case {
  const char* what;
  const char* text;
  std::vector<std::string> sentences;
};

TEST(SplitSentences, Table) {
  const Case kCases[] = {
      {"two sentences", "Keep the box. Bring it back.", {"Keep the box.", "Bring it back."}},
      {"a decimal is no end",
       "It costs 4.90 EUR. Pay later.",
       {"It costs 4.90 EUR.", "Pay later."}},
      {"abbreviations",
       "Use a tool, e.g. A Torx key. Done.",
       {"Use a tool, e.g. A Torx key.", "Done."}},
      {"initials and U.K.",
       "Write to J. Pine in the U.K. Office. Thanks.",
       {"Write to J. Pine in the U.K. Office.", "Thanks."}},
      {"Spanish abbreviations", "La Sra. Ruiz espera. ¿Vale?", {"La Sra. Ruiz espera.", "¿Vale?"}},
      {"French space before the mark", "Où est-ce ? Ici.", {"Où est-ce ?", "Ici."}},
      {"closing quotes belong to the sentence",
       "It says \"Stop.\" Then wait.",
       {"It says \"Stop.\"", "Then wait."}},
      {"a quoted question goes on",
       "Cliquez sur « Mot de passe oublié ? », et attendez. Voilà.",
       {"Cliquez sur « Mot de passe oublié ? », et attendez.", "Voilà."}},
      {"lower case goes on", "Call no. 5 etc. and wait.", {"Call no. 5 etc. and wait."}},
      {"bullets", "- One thing\n- Another thing.", {"One thing", "Another thing."}},
      {"a numbered list", "1. Open it.\n2. Press \"1 cup\".", {"Open it.", "Press \"1 cup\"."}},
      {"a numbered list that lost its lines",
       "Do this. 1. Open it. 2. Press it.",
       {"Do this.", "Open it.", "Press it."}},
      {"a wrapped line",
       "The parcel leaves\nour warehouse. Then it travels.",
       {"The parcel leaves\nour warehouse.", "Then it travels."}},
      {"headings are left out", "# Title\n\n## How?\n\nLike this.", {"Like this."}},
      {"nothing", "  \n\n ", {}},
      {"no end mark", "Just words", {"Just words"}},
  };
  for (const Case& c : kCases) {
    std::vector<std::string> got;
    for (const Sentence& sentence : SplitSentences(c.text)) got.emplace_back(sentence.text);
    EXPECT_EQ(got, c.sentences) << c.what;
  }
}

TEST(SplitSentences, KnowsWhereASentenceStands) {
  const std::vector<Sentence> got =
      SplitSentences("Intro one. Intro two.\n\n1. First step.\n2. Second step.\n\n- Note.");
  ASSERT_EQ(got.size(), 5u);
  EXPECT_EQ(got[0].paragraph, got[1].paragraph);
  EXPECT_NE(got[1].paragraph, got[2].paragraph);
  EXPECT_EQ(got[2].number, 1);
  EXPECT_EQ(got[3].number, 2);
  EXPECT_TRUE(got[4].bullet);
  EXPECT_FALSE(got[0].bullet);
}

TEST(SplitSentences, EverySentenceIsAPieceOfTheText) {
  const std::string text = "A b c. D e!\n- F 1.5 g?\nH. 3. I j\n\n\"K.\" L";
  for (const Sentence& sentence : SplitSentences(text)) {
    EXPECT_NE(text.find(sentence.text), std::string::npos) << sentence.text;
  }
}

TEST(OneLine, JoinsLines) { EXPECT_EQ(OneLine(" a\n  b\tc "), "a b c"); }

}  // namespace
}  // namespace switchboard::response_generator
