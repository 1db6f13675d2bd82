#include "common/learning/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/base/id.h"

namespace switchboard::learning {
namespace {

using ::testing::HasSubstr;

// A model that knows two words.
ModelData TwoWords() {
  ModelData data;
  data.labels = {"ORDER_STATUS", "OUT_OF_SCOPE", "REFUND_STATUS"};
  data.documents = 10;
  data.sharpness = 2;
  data.threshold = 0.9f;
  // One hidden unit for each label, and the second label's bias below the others.
  data.hidden = 3;
  data.hidden_bias = {0, 0, 0};
  data.output = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  data.output_bias = {0, -0.5, 0};
  std::map<uint32_t, ModelData::Row> rows;
  Extractor extractor;
  std::vector<uint32_t> keys;
  for (const auto& [word, label] : {std::pair("order", 0), std::pair("refund", 2)}) {
    extractor.Extract(word, Lexicon(), keys);
    for (const uint32_t key : keys) {
      ModelData::Row& row = rows[SlotOf(key)];
      row.slot = SlotOf(key);
      row.documents = 5;
      row.embedding = {label == 0 ? 1.0f : 0.0f, 0, label == 2 ? 1.0f : 0.0f};
    }
  }
  for (auto& [slot, row] : rows) data.rows.push_back(row);
  return data;
}

TEST(Model, ClassifiesAfterARoundTripThroughItsFile) {
  const auto model = Model::Parse(SerializeModel(TwoWords()));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->labels(), TwoWords().labels);
  Scratch scratch;
  EXPECT_EQ(model->Classify("Order", scratch).front().label, "ORDER_STATUS");
  EXPECT_GT(model->Classify("order", scratch).front().confidence, 0.9);
  EXPECT_EQ(model->Classify("refund", scratch).front().label, "REFUND_STATUS");
  EXPECT_EQ(SerializeModel(TwoWords()), SerializeModel(TwoWords()));
}

TEST(Model, NamesASecondIntentWhenTheMessageHasTwo) {
  const auto model = Model::Parse(SerializeModel(TwoWords()));
  ASSERT_TRUE(model.ok());
  Scratch scratch;
  const auto both = model->Classify("order and refund", scratch);
  ASSERT_GE(both.size(), 2u);
  EXPECT_GE(both[0].confidence, both[1].confidence);
  EXPECT_GE(both[1].confidence, 0.05);
  EXPECT_EQ(model->Classify("order", scratch).size(), 1u) << "an improbable one is not named";

  // As a whole this one looks like refunds alone; the first clause by itself does not.
  const auto uneven =
      model->Classify("I want my order now, and refund refund refund refund refund", scratch);
  ASSERT_GE(uneven.size(), 2u);
  EXPECT_EQ(uneven[0].label, "REFUND_STATUS");
  EXPECT_EQ(uneven[1].label, "ORDER_STATUS");
  EXPECT_GE(uneven[1].confidence, 0.25);
  EXPECT_GE(uneven[0].confidence, uneven[1].confidence);
}

TEST(Model, AnswersAnyBytes) {
  const auto model = Model::Parse(SerializeModel(TwoWords()));
  ASSERT_TRUE(model.ok());
  Scratch scratch;
  for (const std::string& message : {std::string(), std::string("\xff"), std::string(16384, 'x')}) {
    const auto predictions = model->Classify(message, scratch);
    ASSERT_FALSE(predictions.empty());
    EXPECT_GE(predictions.front().confidence, 0);
    EXPECT_LE(predictions.front().confidence, 1);
  }
}

std::string WithChecksum(std::string content) { return content + Sha256Hex(content); }

TEST(Model, RefusesAFileThatIsNotItsOwn) {
  const std::string good = SerializeModel(TwoWords());
  const std::string content = good.substr(0, good.size() - 64);
  std::string flipped = good;
  flipped[good.size() / 2] ^= 1;
  std::string newer = content;
  newer[8] = 99;
  std::string other_features = content;
  other_features[12] = 99;
  std::string many_labels = content;
  many_labels[20] = '\xff';
  many_labels[21] = '\xff';
  struct Case {
    const char* what;
    std::string bytes;
    absl::StatusCode code;
    const char* reason;
  };
  const Case cases[] = {
      {"an empty file", "", absl::StatusCode::kDataLoss, "not a text model"},
      {"another file", std::string(1000, 'x'), absl::StatusCode::kDataLoss, "not a text model"},
      {"one flipped bit", flipped, absl::StatusCode::kDataLoss, "checksum"},
      {"one byte short", good.substr(0, good.size() - 1), absl::StatusCode::kDataLoss, "checksum"},
      {"a newer format", WithChecksum(newer), absl::StatusCode::kFailedPrecondition, "version 99"},
      {"other features", WithChecksum(other_features), absl::StatusCode::kFailedPrecondition,
       "feature revision"},
      {"a body cut short, with a checksum that fits",
       WithChecksum(content.substr(0, content.size() - 5)), absl::StatusCode::kDataLoss, ""},
      {"more after the body", WithChecksum(content + "xx"), absl::StatusCode::kDataLoss, "length"},
      {"an implausible number of labels", WithChecksum(many_labels), absl::StatusCode::kDataLoss,
       "labels"},
  };
  for (const Case& c : cases) {
    const auto model = Model::Parse(c.bytes);
    EXPECT_EQ(model.status().code(), c.code) << c.what << ": " << model.status();
    EXPECT_THAT(std::string(model.status().message()), HasSubstr(c.reason)) << c.what;
  }
}

TEST(Model, RefusesFiguresFromWhichNoProbabilityCouldCome) {
  const float infinite = std::numeric_limits<float>::infinity();
  const float no_number = std::numeric_limits<float>::quiet_NaN();
  struct Case {
    const char* what;
    void (*change)(ModelData& data, float value);
    float value;
  };
  const Case cases[] = {
      {"a sharpness that is no number", [](ModelData& d, float v) { d.sharpness = v; }, no_number},
      {"an infinite sharpness", [](ModelData& d, float v) { d.sharpness = v; }, infinite},
      {"a threshold that is no number", [](ModelData& d, float v) { d.threshold = v; }, no_number},
      {"a bias that is no number", [](ModelData& d, float v) { d.output_bias[1] = v; }, no_number},
      {"a bias whose sum overflows", [](ModelData& d, float v) { d.output_bias[1] = v; }, 3e38f},
      {"weights whose sum overflows", [](ModelData& d, float v) { d.rows[0].embedding[0] = v; },
       3e38f},
  };
  for (const Case& c : cases) {
    ModelData data = TwoWords();
    c.change(data, c.value);
    const auto model = Model::Parse(SerializeModel(data));
    EXPECT_EQ(model.status().code(), absl::StatusCode::kDataLoss) << c.what;
  }
}

TEST(Model, RefusesNetworksThatNoMemoryWouldHold) {
  for (const auto& [networks, hidden] :
       {std::pair(0u, 3u), {1u, 0u}, {1u, 1025u}, {1025u, 1u}, {0x80000000u, 2u}}) {
    ModelData data = TwoWords();
    data.networks = networks;
    data.hidden = hidden;
    EXPECT_EQ(Model::Parse(SerializeModel(data)).status().code(), absl::StatusCode::kDataLoss)
        << networks << " × " << hidden;
  }
}

TEST(Model, AveragesItsNetworks) {
  // The second network says the opposite of the first: nothing is left to tell the labels apart.
  ModelData data = TwoWords();
  data.networks = 2;
  data.hidden_bias.resize(6, 0);
  data.output.insert(data.output.end(), {-1, 0, 0, 0, -1, 0, 0, 0, -1});
  data.output_bias = {0, 0, 0, 0, 0, 0};
  for (ModelData::Row& row : data.rows) {
    const std::vector<float> first = row.embedding;
    row.embedding.insert(row.embedding.end(), first.begin(), first.end());
  }
  const auto model = Model::Parse(SerializeModel(data));
  ASSERT_TRUE(model.ok()) << model.status();
  Scratch scratch;
  model->Score("order", scratch);
  const auto one = Model::Parse(SerializeModel(TwoWords()));
  Scratch alone;
  one->Score("order", alone);
  EXPECT_LT(scratch.scores[0] - scratch.scores[2], (alone.scores[0] - alone.scores[2]) / 2 + 1e-4);
  EXPECT_NEAR(scratch.scores[0], scratch.scores[2], 1e-4);
}

TEST(Model, RefusesRowsThatDoNotAscend) {
  for (const uint32_t second : {0u, 5u, 4u}) {
    ModelData data = TwoWords();
    data.rows = {{5, 1, {1, 0, 0}}, {second, 1, {1, 0, 0}}};
    EXPECT_EQ(Model::Parse(SerializeModel(data)).status().code(), absl::StatusCode::kDataLoss)
        << second;
  }
}

TEST(Model, RefusesEveryTruncationWithoutReadingBeyondTheEnd) {
  const std::string good = SerializeModel(TwoWords());
  const std::string content = good.substr(0, good.size() - 64);
  for (size_t length = 0; length < content.size(); ++length) {
    EXPECT_FALSE(Model::Parse(WithChecksum(content.substr(0, length))).ok()) << length;
  }
}

}  // namespace
}  // namespace switchboard::learning
