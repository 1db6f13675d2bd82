#include "services/escalation/decision.h"

#include <gtest/gtest.h>

#include "services/escalation/training/logistic.h"
#include "services/escalation/trouble.h"

namespace switchboard::escalation {
namespace {

TEST(Decision, SurvivesItsFile) {
  Decision decision;
  decision.texts["LEGAL"] = {{1, 2, 3}, 0.7};
  decision.trouble_weights[kTroubleSolved] = -2.5;
  decision.trouble_threshold = 0.4;
  const std::string bytes = SerializeModelFile(decision, "the\nmodel");
  const auto file = ParseModelFile(bytes);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->text_model, "the\nmodel");
  EXPECT_EQ(file->decision.texts.at("LEGAL").weights[1], 2);
  EXPECT_EQ(file->decision.texts.at("LEGAL").threshold, 0.7);
  EXPECT_EQ(file->decision.trouble_weights[kTroubleSolved], -2.5);
  EXPECT_EQ(file->decision.trouble_threshold, 0.4);
}

TEST(Decision, RefusesWhatIsNoModelFile) {
  const std::string good = SerializeModelFile({}, "model");
  for (const std::string& bytes :
       {std::string(), std::string("no line"), std::string("[]\nmodel"),
        std::string("{\"texts\": {\"A\": {\"weights\": [1], \"threshold\": 1}}}\nmodel"),
        good.substr(good.find(','))}) {
    EXPECT_EQ(ParseModelFile(bytes).status().code(), absl::StatusCode::kDataLoss) << bytes;
  }
}

TEST(Logistic, FindsWhichFeatureDecides) {
  std::vector<Sample<kTextFeatureCount>> samples;
  for (int i = 0; i < 200; ++i) {
    TextFeatures features = {};
    features[kTextBias] = 1;
    features[kTextScore] = i % 2;
    features[kTextPhrase] = i % 3 == 0 ? 1 : 0;  // says nothing
    samples.push_back({features, i % 2 == 1, 1});
  }
  const TextFeatures weights = FitLogistic(samples, 1);
  EXPECT_GT(weights[kTextScore], 3);
  EXPECT_LT(std::abs(weights[kTextPhrase]), 0.5);
  EXPECT_GT(Probability(weights, samples[1].features), 0.9);
  EXPECT_LT(Probability(weights, samples[0].features), 0.1);
}

ContentWords Words(std::string_view folded) {
  return ContentWords(text::Tokenize(folded), Filler{"does", "with", "the"});
}

TEST(ContentWords, ShareTheirStemsWithoutFiller) {
  EXPECT_EQ(Words("does the shop have parking").Overlap(Words("park with the shops")), 1);
  EXPECT_EQ(Words("does the shop have parking").Overlap(Words("park with the")), 0.5)
      << "one word is a topic";
  EXPECT_EQ(Words("does the").Overlap(Words("does the")), 0);
  EXPECT_EQ(Words("red lamp").Overlap(Words("lamp shade")), 0.5);
}

}  // namespace
}  // namespace switchboard::escalation
