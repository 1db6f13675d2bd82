// The trained model: labels, small networks on hashed n-grams, calibration. Immutable once loaded.
//
//   ASSIGN_OR_RETURN(const Model model, Model::Parse(bytes));
//   Scratch scratch;
//   for (const Prediction& p : model.Classify("where is my parcel?", scratch)) … p.label,
//   p.confidence
//
// Written by the trainer as one file (layout in model.cc): a byte for each feature and hidden unit,
// so about 130 bytes a feature with two networks of 64. A damaged file, or one of another format,
// is refused with its reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/learning/features.h"

namespace switchboard::learning {

class Cursor;  // reads the file

inline constexpr std::string_view kOutOfScope = "OUT_OF_SCOPE";

struct Prediction {
  std::string_view label;  // lives as long as the model
  double confidence;       // calibrated probability that the label is right, 0 to 1
};

// A caller's buffers; one for each thread.
struct Scratch {
  Extractor extractor;
  std::vector<uint32_t> keys;
  std::vector<float> activations;
  std::vector<float> network_scores;
  std::vector<float> scores;
  std::vector<double> probabilities;
  std::vector<double> clause_probabilities;
  std::vector<std::string_view> clauses;
};

// What the file holds, as the trainer makes it. Several networks read the same features; their
// hidden units stand one after the other.
struct ModelData {
  struct Row {
    uint32_t slot;
    // Training messages that contain the feature, at least 1.
    uint32_t documents;
    std::vector<float> embedding;  // networks × hidden
  };

  std::vector<std::string> labels;  // sorted, at most 255
  Lexicon lexicon;
  bool letters_across = false;  // see Extractor::Extract
  uint32_t documents = 0;       // training messages
  // Probability = softmax(sharpness × mean of the networks' log-probabilities).
  float sharpness = 1;
  // The message is out of scope when that label is at least this many times as probable as the
  // best label in scope; 1 means: when it wins.
  float threshold = 1;
  uint32_t networks = 1;
  uint32_t hidden = 1;             // units of one network, 1 to 1024 in all networks together
  std::vector<float> hidden_bias;  // networks × hidden
  std::vector<float> output;       // networks × labels × hidden
  std::vector<float> output_bias;  // networks × labels
  std::vector<Row> rows;           // slots ascending
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

  // Mean log-probability of each label before calibration, in the order of labels().
  void Score(std::string_view message, Scratch& scratch) const;

  const std::vector<std::string>& labels() const { return labels_; }
  float threshold() const { return threshold_; }
  size_t weight_count() const { return embeddings_.size(); }

 private:
  // Raises in scratch.probabilities what single clauses clearly want, below the decision.
  void NameClauses(std::string_view message, Scratch& scratch) const;

  // What a feature weighs in the vector and a step of its embedding.
  struct Row {
    float idf;
    float scale;
  };

  Model() = default;
  absl::Status ParseFigures(Cursor& cursor);
  absl::Status ParseRows(Cursor& cursor);

  std::vector<std::string> labels_;
  int out_of_scope_ = -1;
  Lexicon lexicon_;
  bool letters_across_ = false;
  uint32_t documents_ = 0;
  float sharpness_ = 1;
  float threshold_ = 1;
  size_t networks_ = 1;
  size_t hidden_ = 1;
  std::vector<float> hidden_bias_;
  std::vector<float> output_;
  std::vector<float> output_bias_;
  // The row of each slot, kNoRow where the feature is unknown.
  std::vector<uint32_t> row_of_slot_;
  std::vector<Row> rows_;
  std::vector<int8_t> embeddings_;  // rows × networks × hidden
};

// Softmax of `scores` times `sharpness`.
void Softmax(const std::vector<float>& scores, double sharpness,
             std::vector<double>& probabilities);

// When the label `out_of_scope` (an index, or -1) is at least `threshold` times as probable as the
// best other label it is the decision, otherwise that other label is: the two change places where
// they must. Exposed because the trainer chooses `threshold` with
// it.
void ApplyThreshold(int out_of_scope, double threshold, std::vector<double>& probabilities);

}  // namespace switchboard::learning
