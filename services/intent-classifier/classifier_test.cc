// The shipped model on fresh.jsonl: floors well below what is measured (README.md), so that a
// regression is caught and a new wording is not.
#include "services/intent-classifier/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "services/intent-classifier/evaluation.h"
#include "services/intent-classifier/read_file.h"

namespace switchboard::intent_classifier {
namespace {

TEST(ShippedModel, HoldsUpOnMessagesItHasNotSeen) {
  const auto bytes = ReadFile(SWITCHBOARD_MODEL_PATH);
  const auto lines = ReadFile(SWITCHBOARD_DATA_DIR "/data/fresh.jsonl");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  ASSERT_TRUE(lines.ok()) << lines.status();
  const auto model = Model::Parse(*bytes);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->labels().size(), 18u) << "17 intents and OUT_OF_SCOPE";
  const auto examples = ParseDataset(*lines);
  ASSERT_TRUE(examples.ok()) << examples.status();
  const Evaluation evaluation = Evaluate(*model, *examples);
  std::cout << Describe(evaluation);
  EXPECT_GE(evaluation.all.value(), 0.865);
  EXPECT_GE(evaluation.out_of_scope.value(), 0.78);
  EXPECT_LE(evaluation.false_out_of_scope.value(), 0.04);
  EXPECT_LE(evaluation.calibration_error, 0.10);
}

TEST(Classifier, NamesTheFileThatIsWrong) {
  EXPECT_THAT(std::string(Classifier::Make("x", "{}", "{}").status().message()),
              ::testing::HasSubstr("intent model: "));
}

}  // namespace
}  // namespace switchboard::intent_classifier
