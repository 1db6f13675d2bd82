#include "services/knowledge-retrieval/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/knowledge-retrieval/test_data.h"

namespace switchboard::knowledge_retrieval {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::unique_ptr<Index> NewIndex(IndexOptions options = {}) {
  return Index::Open(std::move(options), TestAnalyzer()).value();
}

std::vector<std::string> Ask(Index& index, std::string_view text, std::string_view language = "",
                             size_t top_k = 3) {
  std::vector<std::string> ids;
  const auto hits = index.Search({.text = text, .language = LanguageNumber(language)}, top_k);
  EXPECT_TRUE(hits.ok()) << hits.status();
  for (const v1::Passage& hit : *hits) {
    if (ids.empty() || ids.back() != hit.document_id()) ids.push_back(hit.document_id());
  }
  return ids;
}

std::string First(Index& index, std::string_view text, std::string_view language = "") {
  const std::vector<std::string> ids = Ask(index, text, language);
  return ids.empty() ? "" : ids.front();
}

class IndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const v1::KnowledgeEntry::Document documents[] = {
        MakeDocument(
            "returns", "en", "Return policy",
            "# Return policy\n\n## How long do I have?\n\nYou can return an unused item within 30 "
            "days of delivery.\n\n## What does it cost?\n\nThe label costs 5 euros.",
            {"send back", "changed my mind"}),
        MakeDocument(
            "refunds", "en", "Refund times",
            "## When do I get my money?\n\nWe issue a refund within 5 working days after the "
            "return has arrived."),
        MakeDocument(
            "shipping", "en", "Shipping cost",
            "## What does delivery cost?\n\nStandard delivery costs 4 euros and is free above 50."),
        MakeDocument(
            "warranty", "en", "Warranty",
            "## How long is the warranty?\n\nEvery appliance has a warranty of two years."),
        MakeDocument(
            "kettle", "en", "Clean the kettle",
            "## Limescale in the kettle\n\nBoil water with vinegar and rinse the kettle twice."),
        MakeDocument(
            "fryer", "en", "Clean the air fryer",
            "## Wash the basket\n\nThe basket of the air fryer may go into the dishwasher."),
        MakeDocument("password", "en", "Reset your password",
                     "## Forgotten password\n\nSelect the link below the sign-in form."),
        MakeDocument("returns.fr", "fr", "Politique de retour",
                     "## De combien de temps ai-je besoin ?\n\nVous pouvez renvoyer un article "
                     "sous 30 jours."),
        MakeDocument("motdepasse.fr", "fr", "Réinitialiser le mot de passe",
                     "## Mot de passe oublié\n\nCliquez sur le lien sous le formulaire."),
        MakeDocument("envio.es", "es", "Gastos de envío",
                     "## ¿Cuánto cuesta el envío?\n\nEl envío estándar cuesta 4 euros."),
    };
    for (const auto& document : documents) ASSERT_TRUE(index_->Put(document).ok());
  }

  const std::unique_ptr<Index> index_ = NewIndex();
};

TEST_F(IndexTest, FindsTheDocumentThatAnswers) {
  const struct {
    const char* what;
    const char* question;
    const char* document;
  } cases[] = {
      {"the document's own words", "how long can I return an item", "returns"},
      {"inflected words", "returning items", "returns"},
      {"the customer's keywords", "I changed my mind", "returns"},
      {"a synonym", "when is my reimbursement paid", "refunds"},
      {"a heading counts more than running text", "what does delivery cost", "shipping"},
      {"a typing error", "kettel limescal", "kettle"},
      {"two typing errors in a long word", "warrenyt", "warranty"},
      {"a compound written as one word", "airfryer dishwasher", "fryer"},
      {"French", "j'ai oublié mon mot de passe", "motdepasse.fr"},
      {"French without accents", "mot de passe oublie", "motdepasse.fr"},
      {"Spanish", "¿cuánto cuesta el envío?", "envio.es"},
      {"Spanish without accents", "cuanto cuesta el envio", "envio.es"},
      {"a French question that only an English document answers",
       "comment nettoyer le kettle calcaire", "kettle"},
  };
  for (const auto& c : cases) EXPECT_EQ(First(*index_, c.question), c.document) << c.what;
}

TEST_F(IndexTest, PrefersTheAskedLanguageAndStillFindsTheOther) {
  EXPECT_EQ(First(*index_, "password", "fr"), "motdepasse.fr");
  EXPECT_EQ(First(*index_, "password", "en"), "password");
  EXPECT_THAT(Ask(*index_, "return an item", "fr"), Contains("returns"));
}

TEST_F(IndexTest, FindsNothingForWhatNoDocumentIsAbout) {
  for (const char* question :
       {"who won the football world cup", "hello", "", "???", "write a poem about the sea",
        "raconte-moi une blague", "12345678", "\" OR * NEAR(", "the of and"}) {
    EXPECT_THAT(Ask(*index_, question), IsEmpty()) << question;
  }
}

TEST_F(IndexTest, GivesAPassageWithItsPlace) {
  const auto hits = index_->Search({.text = "limescale in my kettle"}, 5);
  ASSERT_TRUE(hits.ok());
  ASSERT_FALSE(hits->empty());
  const v1::Passage& passage = hits->front();
  EXPECT_EQ(passage.title(), "Clean the kettle");
  EXPECT_EQ(passage.section(), "Limescale in the kettle");
  EXPECT_EQ(passage.text(), "Boil water with vinegar and rinse the kettle twice.");
  EXPECT_EQ(passage.category(), "test");
  EXPECT_EQ(passage.language(), "en");
  EXPECT_GT(passage.score(), 0);
}

TEST_F(IndexTest, ReplacesAndRemovesADocument) {
  ASSERT_TRUE(
      index_->Put(MakeDocument("kettle", "en", "Lamps", "## Bulbs\n\nUse LED bulbs.")).ok());
  EXPECT_EQ(index_->document_count(), 10u);
  EXPECT_EQ(First(*index_, "which bulbs"), "kettle");
  EXPECT_EQ(First(*index_, "limescale"), "");
  EXPECT_TRUE(index_->Remove("kettle"));
  EXPECT_EQ(First(*index_, "which bulbs"), "");
  EXPECT_FALSE(index_->Remove("kettle"));
  EXPECT_EQ(index_->document_count(), 9u);
}

TEST_F(IndexTest, CountsComeBackToNothing) {
  for (const char* id : {"returns", "refunds", "shipping", "warranty", "kettle", "fryer",
                         "password", "returns.fr", "motdepasse.fr", "envio.es"}) {
    EXPECT_TRUE(index_->Remove(id)) << id;
  }
  EXPECT_EQ(index_->passage_count(), 0u);
  const Vocabulary& vocabulary = index_->vocabulary();
  EXPECT_EQ(vocabulary.passages(vocabulary.Find("return")), 0u);
  EXPECT_EQ(vocabulary.TermsOf("return"), nullptr);
  EXPECT_THAT(Ask(*index_, "return an item"), IsEmpty());
}

TEST_F(IndexTest, ShowsAtMostTwoPassagesOfADocument) {
  ASSERT_TRUE(index_
                  ->Put(MakeDocument(
                      "tents", "en", "Tents",
                      "## Tent A\n\nA tent.\n\n## Tent B\n\nA tent.\n\n## Tent C\n\nA tent."))
                  .ok());
  const auto hits = index_->Search({.text = "tent"}, 10);
  ASSERT_TRUE(hits.ok());
  EXPECT_EQ(hits->size(), kPassagesOfOneDocument);
}

TEST_F(IndexTest, ContextHelpsButTheQuestionDecides) {
  const auto hits = index_->Search({.text = "and the cost?", .context = "return item"}, 1);
  ASSERT_TRUE(hits.ok());
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ(hits->front().document_id(), "returns");
  EXPECT_EQ(hits->front().section(), "What does it cost?");
}

TEST(Index, IsBounded) {
  const std::unique_ptr<Index> index = NewIndex({.passages_max = 2});
  EXPECT_EQ(index->Put(MakeDocument("", "en", "t", "text")).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      index->Put(MakeDocument("a", "en", "t", std::string(kDocumentBytesMax + 1, 'x'))).code(),
      absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(index->Put(MakeDocument("a", "en", "Lamps", "lamp\n\n## B\n\nlamp")).ok());
  EXPECT_EQ(index->Put(MakeDocument("b", "en", "Tents", "tent")).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(index->document_count(), 1u);
  EXPECT_EQ(First(*index, "tent"), "");
  // A document may always take its own place again, and is left as it was when it no longer fits.
  EXPECT_TRUE(index->Put(MakeDocument("a", "en", "Lamps", "bulb\n\n## B\n\nlamp")).ok());
  EXPECT_EQ(index->Put(MakeDocument("a", "en", "Tents", "x\n\n## B\n\ny\n\n## C\n\nz")).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(First(*index, "bulb"), "a");
}

TEST(Index, ShowsOneOfTwoDocumentsThatSayTheSame) {
  const std::unique_ptr<Index> index = NewIndex();
  const std::string text =
      "Unplug the kettle, pour in vinegar and water, wait for an hour, rinse the "
      "inside with cold water and dry the lid with a soft cloth.";
  ASSERT_TRUE(index->Put(MakeDocument("kettle", "en", "Descale the kettle", text)).ok());
  ASSERT_TRUE(index->Put(MakeDocument("copy", "en", "Kettle", text + " Twice.")).ok());
  ASSERT_TRUE(index
                  ->Put(MakeDocument("other", "en", "Kettle handle",
                                     "The handle of the kettle stays cool when water boils."))
                  .ok());
  const auto passages = index->Search({.text = "descale the kettle with vinegar"}, 5);
  ASSERT_TRUE(passages.ok());
  ASSERT_FALSE(passages->empty());
  EXPECT_EQ(passages->front().document_id(), "kettle");
  EXPECT_THAT(passages->front().also_in(), ElementsAre("copy"));
  for (const v1::Passage& passage : *passages) EXPECT_NE(passage.document_id(), "copy");
}

TEST(Index, SaysHowLikelyAPassageAnswers) {
  const std::unique_ptr<Index> index = NewIndex({.relevance_min = 0});
  ASSERT_TRUE(index
                  ->Put(MakeDocument("lamp", "en", "Change the bulb of the lamp",
                                     "Turn the lamp off and unscrew the bulb."))
                  .ok());
  const double asked = index->Search({.text = "how do I change the bulb"}, 1)->at(0).relevance();
  const double hardly =
      index->Search({.text = "who will change the constitution of Peru"}, 1)->at(0).relevance();
  EXPECT_GT(asked, 0.9);
  EXPECT_LT(hardly, 0.3);
}

TEST(Index, SurvivesLongQuestions) {
  const std::unique_ptr<Index> index = NewIndex();
  ASSERT_TRUE(index->Put(MakeDocument("a", "en", "Lamps", "A lamp.")).ok());
  std::string question = "lamp ";
  while (question.size() < 16000) question += "word" + std::to_string(question.size()) + " ";
  EXPECT_TRUE(index->Search({.text = question}, 50).ok());
  EXPECT_TRUE(index->Search({.text = std::string(4096, 'a')}, 50).ok());
}

v1::KnowledgeEntry::Document WithQuestions() {
  v1::KnowledgeEntry::Document document =
      MakeDocument("warranty", "en", "Warranty",
                   "## How long it lasts\n\nTwo years from delivery.\n\n"
                   "## What it leaves out\n\nScratches and worn batteries.\n");
  const struct {
    const char *text, *language, *section;
  } questions[] = {{"my kettle died after a year, now what", "en", "How long it lasts"},
                   {"mon appareil est tombé en panne", "fr", "How long it lasts"},
                   {"do you fix a dented lid", "en", "What it leaves out"}};
  for (const auto& question : questions) {
    v1::KnowledgeEntry::Document::Question& added = *document.add_questions();
    added.set_text(question.text);
    added.set_language(question.language);
    added.set_section(question.section);
  }
  return document;
}

TEST(Questions, AreAnotherWayToThePassageThatAnswers) {
  const std::unique_ptr<Index> index = NewIndex();
  ASSERT_TRUE(index->Put(WithQuestions()).ok());
  const struct {
    const char *asked, *section;
  } cases[] = {{"the kettle has died", "How long it lasts"},
               {"appareil en panne", "How long it lasts"},
               {"the lid is dented", "What it leaves out"}};
  for (const auto& c : cases) {
    const auto hits = index->Search({.text = c.asked}, 3);
    ASSERT_TRUE(hits.ok()) << hits.status();
    ASSERT_FALSE(hits->empty()) << c.asked;
    EXPECT_EQ(hits->front().section(), c.section) << c.asked;
    EXPECT_FALSE(hits->front().text().empty()) << "never the question itself";
  }
}

TEST(Questions, OnePassageIsGivenOnceHoweverManyAskForIt) {
  const std::unique_ptr<Index> index = NewIndex();
  ASSERT_TRUE(index->Put(WithQuestions()).ok());
  const auto hits = index->Search({.text = "kettle warranty, how long does it last, it died"}, 5);
  ASSERT_TRUE(hits.ok());
  std::vector<std::string> texts;
  for (const v1::Passage& hit : *hits) texts.push_back(hit.text());
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(std::unique(texts.begin(), texts.end()), texts.end());
}

TEST(Questions, GoWithTheirDocument) {
  const std::unique_ptr<Index> index = NewIndex();
  ASSERT_TRUE(index->Put(WithQuestions()).ok());
  ASSERT_TRUE(index->Remove("warranty"));
  EXPECT_EQ(index->passage_count(), 0u);
  EXPECT_THAT(Ask(*index, "the kettle has died"), IsEmpty());
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
