#include "services/response-generator/selector.h"

#include "services/response-generator/test_data.h"

namespace switchboard::response_generator {
namespace {

using Passages = google::protobuf::RepeatedPtrField<v1::Passage>;

void AddPassage(Passages& passages, const std::string& id, const std::string& section,
                const std::string& text, const std::string& language = "en") {
  v1::Passage& passage = *passages.Add();
  passage.set_document_id(id);
  passage.set_title(section);
  passage.set_section(section);
  passage.set_text(text);
  passage.set_language(language);
  passage.set_score(1);
}

Ask AskOf(const std::string& text) {
  Ask ask;
  for (const Word& word : TestLexicon().Words(text)) {
    if (!word.stopword) ask.terms.push_back({word.hash, 1, false, word.concept_word});
  }
  ask.kinds = TestLexicon().KindsAsked(Normalized(text));
  return ask;
}

std::vector<std::string> Texts(const Selection& selection) {
  std::vector<std::string> out;
  for (const Pick& pick : selection.picks) out.emplace_back(pick.sentence.text);
  return out;
}

Passages Shop() {
  Passages out;
  AddPassage(out, "refund-times", "How long does a refund take?",
             "A refund is issued within 5 working days. Your bank then needs 3 to 7 days.");
  AddPassage(out, "return-policy", "How long can I return an item?",
             "Unused items go back within 30 days. Faulty items are covered by the warranty.");
  AddPassage(out, "descaling", "How do I descale the machine?",
             "To descale the machine, follow these steps.\n\n1. Empty the tray.\n2. Fill the "
             "tank.\n3. Press the button.\n\nUse no vinegar.");
  AddPassage(out, "fr-only", "Carte cadeau", "Une carte cadeau est valable 3 ans.", "fr");
  return out;
}

TEST(Selector, ChoosesWhatAnswers) {
  const Passages passages = Shop();
  const Selector selector(TestLexicon(), passages, "en");
  struct Case {
    const char* question;
    std::vector<std::string> chosen;
  };
  const Case kCases[] = {
      {"How long does a refund take?",
       {"A refund is issued within 5 working days.", "Your bank then needs 3 to 7 days."}},
      {"How do I descale the machine?",
       {"To descale the machine, follow these steps.", "Empty the tray.", "Fill the tank.",
        "Press the button."}},
      {"Do you sell helicopters?", {}},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Texts(selector.Select(AskOf(c.question), {})), c.chosen) << c.question;
  }
}

TEST(Selector, QuotesAnotherLanguageOnlyWhenNeeded) {
  const Passages passages = Shop();
  const Selector selector(TestLexicon(), passages, "en");
  const Selection gift = selector.Select(AskOf("Is there a gift card?"), {});
  ASSERT_EQ(gift.picks.size(), 1u);
  EXPECT_FALSE(selector.InCustomersLanguage(gift.picks[0].passage));
  const Selection refund = selector.Select(AskOf("remboursement"), {});
  ASSERT_FALSE(refund.picks.empty());
  EXPECT_TRUE(selector.InCustomersLanguage(refund.picks[0].passage));
}

TEST(Selector, LeavesOutWhatWasRejected) {
  const Passages passages = Shop();
  const Selector selector(TestLexicon(), passages, "en");
  const std::set<std::string, std::less<>> excluded = {"A refund is issued within 5 working days."};
  for (const std::string& text :
       Texts(selector.Select(AskOf("How long does a refund take?"), {.excluded = &excluded}))) {
    EXPECT_FALSE(excluded.contains(text));
  }
  // A procedure with a step missing is not read out at all.
  const std::set<std::string, std::less<>> step = {"Fill the tank."};
  const auto rest =
      Texts(selector.Select(AskOf("How do I descale the machine?"), {.excluded = &step}));
  EXPECT_EQ(std::count(rest.begin(), rest.end(), "Press the button."), 0);
}

TEST(Selector, RespectsItsLimits) {
  const Passages passages = Shop();
  const Selector selector(TestLexicon(), passages, "en");
  EXPECT_EQ(
      Texts(selector.Select(AskOf("How long does a refund take?"), {.sentences_max = 1})).size(),
      1u);
  EXPECT_TRUE(Selector(TestLexicon(), Passages(), "en").Select(AskOf("refund"), {}).picks.empty());
}

TEST(Selector, QuestionsAndHeadingsAreNeverAnswers) {
  Passages passages;
  AddPassage(passages, "d", "Refund", "Refund\n\nWhat is a refund?\n\nA refund is money back.");
  const Selector selector(TestLexicon(), passages, "en");
  EXPECT_EQ(Texts(selector.Select(AskOf("refund"), {})),
            std::vector<std::string>{"A refund is money back."});
}

}  // namespace
}  // namespace switchboard::response_generator
