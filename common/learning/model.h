// The trained model: labels, weights of hashed n-grams, calibration. Immutable once loaded.
//
//   ASSIGN_OR_RETURN(const Model model, Model::Parse(bytes));
//   Scratch scratch;
//   for (const Prediction& p : model.Classify("where is my parcel?", scratch)) … p.label,
//   p.confidence
//
// Written by the trainer at build time as one file (layout in model.cc), about 1 MB; a damaged
// file, or one of a newer format, is refused with its reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/learning/features.h"

namespace switchboard::learning {

inline constexpr std::string_view kOutOfScope = "OUT_OF_SCOPE";

struct Prediction {
  std::string_view label;  // lives as long as the model
  double confidence;       // calibrated probability that the label is right, 0 to 1
};

// A caller's buffers; one for each thread.
struct Scratch {
  Extractor extractor;
  std::vector<uint32_t> keys;
  std::vector<float> scores;
  std::vector<double> probabilities;
  std::vector<double> clause_probabilities;
  std::vector<std::string_view> clauses;
};

// What the file holds, as the trainer makes it.
struct ModelData {
  struct Row {
    uint32_t slot;
    // Training messages that contain the feature, at least 1.
    uint32_t documents;
    // (label, weight), labels ascending.
    std::vector<std::pair<uint8_t, float>> weights;
  };

  std::vector<std::string> labels;  // sorted, at most 255
  Lexicon lexicon;
  uint32_t documents = 0;   // training messages
  std::vector<float> bias;  // one for each label
  // Probability = softmax(sharpness × score).
  float sharpness = 1;
  // When the best label in scope is less probable than this, the message is out of scope; 0: never.
  float threshold = 0;
  std::vector<Row> rows;  // slots ascending
};

// ln((1 + documents) / (1 + with_feature)) + 1, the smoothed inverse document frequency.
float InverseDocumentFrequency(uint32_t documents, uint32_t with_feature);

std::string SerializeModel(const ModelData& data);

class Model {
 public:
  // DataLoss when the bytes are damaged, FailedPrecondition when they are of another format.
  static absl::StatusOr<Model> Parse(std::string_view bytes);

  // Most probable first; the first is the decision. Others follow when their probability is at
  // least `confidence_min`; at most `count_max`.
  std::vector<Prediction> Classify(std::string_view message, Scratch& scratch,
                                   double confidence_min = 0.05, size_t count_max = 5) const;

  // Raw score of each label, in the order of labels().
  void Score(std::string_view message, Scratch& scratch) const;

  const std::vector<std::string>& labels() const { return labels_; }
  float threshold() const { return threshold_; }
  size_t weight_count() const { return weights_.size(); }

 private:
  // Adds to scratch.probabilities what single clauses clearly want.
  void BlendClauses(std::string_view message, Scratch& scratch) const;

  struct Slot {
    float idf = 0;  // 0: the feature is unknown
    uint32_t begin = 0;
    uint32_t count = 0;
  };
  // 4 bytes: the weight in steps of scale_.
  struct Weight {
    uint8_t label;
    int16_t steps;
  };

  Model() = default;

  std::vector<std::string> labels_;
  int out_of_scope_ = -1;
  Lexicon lexicon_;
  std::vector<float> bias_;
  float sharpness_ = 1;
  float threshold_ = 0;
  float scale_ = 1;
  std::vector<Slot> slots_;
  std::vector<Weight> weights_;
};

// Softmax of `scores` times `sharpness`.
void Softmax(const std::vector<float>& scores, double sharpness,
             std::vector<double>& probabilities);

// Raises the probability of the label `out_of_scope` (an index, or -1) above all others when the
// best in scope is below `threshold`. Exposed because the trainer chooses `threshold` with it.
void ApplyThreshold(int out_of_scope, double threshold, std::vector<double>& probabilities);

}  // namespace switchboard::learning
