// The text model: for each label a linear function of a message's hashed n-grams, each a decision
// of its own ("one against the rest"). Unlike probabilities that compete for the same whole, a low
// score of one label raises no other: what fits nowhere stays low everywhere, and a message may
// give two reasons.
//
//   ASSIGN_OR_RETURN(const TextModel model, TextModel::Parse(bytes));
//   TextModel::Scratch scratch;
//   model.Score("someone used my card", scratch);   // scratch.scores, in the order of labels()
//
// Immutable once parsed; a damaged file is refused. Trained by training/text_trainer.h.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/learning/features.h"

namespace switchboard::escalation {

// How long the vector of words, of letters and of concepts is: the letters of a word never seen say
// little that is true. Of five proportions tried on held-out training conversations none was better
// by more than its spread.
inline constexpr std::array<float, learning::kGroupCount> kGroupLength = {1.5f, 0.6f, 1.0f, 0.0f};

// Calls emit(slot, value) for each feature that `idf(slot)` knows (> 0), each group of its length.
template <typename Idf, typename Emit>
void WeighFeatures(const std::vector<uint32_t>& sorted_keys, const Idf& idf, const Emit& emit) {
  std::array<float, learning::kGroupCount> squares = {};
  const auto each_run = [&](const auto& visit) {
    for (size_t i = 0; i < sorted_keys.size();) {
      size_t end = i + 1;
      while (end < sorted_keys.size() && sorted_keys[end] == sorted_keys[i]) ++end;
      if (const float inverse = idf(learning::SlotOf(sorted_keys[i])); inverse > 0) {
        const auto count = static_cast<float>(end - i);
        visit(sorted_keys[i], end - i == 1 ? inverse : inverse * (1 + std::log(count)));
      }
      i = end;
    }
  };
  each_run([&](uint32_t key, float value) { squares[learning::GroupOf(key)] += value * value; });
  each_run([&](uint32_t key, float value) {
    const size_t group = learning::GroupOf(key);
    emit(learning::SlotOf(key), value * kGroupLength[group] / std::sqrt(squares[group]));
  });
}

struct TextModelData {
  struct Row {
    uint32_t slot;
    float idf;                   // above 0
    std::vector<float> weights;  // one for each label
  };
  std::vector<std::string> labels;  // sorted
  learning::Lexicon lexicon;
  std::vector<float> bias;  // one for each label
  std::vector<Row> rows;    // slots ascending
};

std::string SerializeTextModel(const TextModelData& data);

class TextModel {
 public:
  // One for each thread.
  struct Scratch {
    learning::Extractor extractor;
    std::vector<uint32_t> keys;
    std::vector<float> scores;
  };

  // DataLoss when the bytes are damaged, FailedPrecondition when they are of another format.
  static absl::StatusOr<TextModel> Parse(std::string_view bytes);

  // Above 0: the label fits; mostly between -2 and 2.
  void Score(std::string_view message, Scratch& scratch) const;

  const std::vector<std::string>& labels() const { return labels_; }

 private:
  TextModel() = default;

  std::vector<std::string> labels_;
  learning::Lexicon lexicon_;
  std::vector<float> bias_;
  float scale_ = 1;
  std::vector<float> idf_;        // by slot, 0: unknown
  std::vector<uint32_t> row_;     // by slot
  std::vector<int16_t> weights_;  // rows × labels, in steps of scale_
};

}  // namespace switchboard::escalation
