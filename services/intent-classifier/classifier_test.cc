// The shipped model on fresh.jsonl: floors well below what is measured (README.md), so that a
// regression is caught and a new wording is not.
#include "services/intent-classifier/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "common/base/file.h"
#include "common/learning/evaluation.h"

namespace switchboard::intent_classifier {
namespace {

TEST(ShippedModel, HoldsUpOnMessagesItHasNotSeen) {
  const auto bytes = ReadFile(SWITCHBOARD_MODEL_PATH);
  const auto lines = ReadFile(SWITCHBOARD_DATA_DIR "/data/fresh.jsonl");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  ASSERT_TRUE(lines.ok()) << lines.status();
  const auto model = learning::Model::Parse(*bytes);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->labels().size(), 18u) << "17 intents and OUT_OF_SCOPE";
  const auto examples = learning::ParseDataset(*lines);
  ASSERT_TRUE(examples.ok()) << examples.status();
  const learning::Evaluation evaluation = learning::Evaluate(*model, *examples);
  std::cout << learning::Describe(evaluation);
  EXPECT_GE(evaluation.all.value(), 0.93);
  EXPECT_GE(evaluation.out_of_scope.value(), 0.82);
  EXPECT_LE(evaluation.false_out_of_scope.value(), 0.02);
  EXPECT_LE(evaluation.calibration_error, 0.08);
}

TEST(Concepts, TheShippedOnesSpeakThreeLanguages) {
  const auto json = ReadFile(SWITCHBOARD_DATA_DIR "/concepts.json");
  ASSERT_TRUE(json.ok()) << json.status();
  const auto lexicon = learning::Lexicon::FromJson(*json);
  ASSERT_TRUE(lexicon.ok()) << lexicon.status();
  for (const char* word : {"refund", "remboursement", "reembolso"}) {
    size_t concepts = 0;
    lexicon->ForEachConcept(word, [&](uint16_t) { ++concepts; });
    EXPECT_GT(concepts, 0u) << word;
  }
}

TEST(Classifier, NamesTheFileThatIsWrong) {
  EXPECT_THAT(std::string(Classifier::Make("x", "{}", "{}").status().message()),
              ::testing::HasSubstr("intent model: "));
}

}  // namespace
}  // namespace switchboard::intent_classifier
