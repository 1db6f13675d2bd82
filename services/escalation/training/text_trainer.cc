#include "services/escalation/training/text_trainer.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <utility>

#include "common/learning/model.h"

namespace switchboard::escalation {
namespace {

using Vector = std::vector<std::pair<uint32_t, float>>;  // row, value

constexpr float kBiasFeature = 1;

struct Separator {
  std::vector<float> weights;
  float bias = 0;
};

// L2-regularised squared hinge loss.
Separator Separate(const std::vector<Vector>& vectors, const std::vector<bool>& positive,
                   size_t features, const TextTrainOptions& options) {
  constexpr double kGradientMin = 0.1;  // liblinear's own default
  Separator separator{std::vector<float>(features, 0), 0};
  std::vector<double> alpha(vectors.size(), 0), diagonal(vectors.size());
  const double soft = 0.5 / options.cost;
  for (size_t i = 0; i < vectors.size(); ++i) {
    diagonal[i] = soft + kBiasFeature * kBiasFeature;
    for (const auto& [row, value] : vectors[i]) diagonal[i] += value * value;
  }
  std::vector<size_t> order(vectors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937 random(1);
  for (int pass = 0; pass < options.passes_max; ++pass) {
    std::shuffle(order.begin(), order.end(), random);
    double largest = 0;
    for (const size_t i : order) {
      const double sign = positive[i] ? 1 : -1;
      double score = separator.bias * kBiasFeature;
      for (const auto& [row, value] : vectors[i]) score += separator.weights[row] * value;
      const double gradient = sign * score - 1 + soft * alpha[i];
      const double projected = alpha[i] == 0 ? std::min(gradient, 0.0) : gradient;
      largest = std::max(largest, std::abs(projected));
      if (projected == 0) continue;
      const double before = alpha[i];
      alpha[i] = std::max(0.0, before - gradient / diagonal[i]);
      const auto change = static_cast<float>(sign * (alpha[i] - before));
      for (const auto& [row, value] : vectors[i]) separator.weights[row] += change * value;
      separator.bias += change * kBiasFeature;
    }
    if (largest < kGradientMin) break;
  }
  return separator;
}

}  // namespace

TextModelData TrainTextModel(const std::vector<learning::Example>& examples,
                             const learning::Lexicon& lexicon, const TextTrainOptions& options) {
  TextModelData data;
  data.lexicon = lexicon;
  std::set<std::string> labels;
  for (const learning::Example& example : examples) labels.insert(example.label);
  data.labels.assign(labels.begin(), labels.end());

  learning::Extractor extractor;
  std::vector<std::vector<uint32_t>> keys(examples.size());
  std::vector<uint32_t> documents(learning::kSlotCount, 0);
  for (size_t i = 0; i < examples.size(); ++i) {
    extractor.Extract(examples[i].text, lexicon, keys[i]);
    uint32_t last = UINT32_MAX;
    for (const uint32_t key : keys[i]) {
      if (key != last) ++documents[learning::SlotOf(key)];
      last = key;
    }
  }
  const auto total = static_cast<uint32_t>(examples.size());
  std::vector<float> idf(learning::kSlotCount, 0);
  std::vector<uint32_t> row_of(learning::kSlotCount, 0);
  for (uint32_t slot = 0; slot < learning::kSlotCount; ++slot) {
    if (documents[slot] < options.documents_min) continue;
    idf[slot] = learning::InverseDocumentFrequency(total, std::min(documents[slot], total));
    row_of[slot] = static_cast<uint32_t>(data.rows.size());
    data.rows.push_back({slot, idf[slot], {}});
  }
  std::vector<Vector> vectors(examples.size());
  for (size_t i = 0; i < examples.size(); ++i) {
    WeighFeatures(
        keys[i], [&](uint32_t slot) { return idf[slot]; },
        [&](uint32_t slot, float value) { vectors[i].emplace_back(row_of[slot], value); });
  }
  for (const std::string& label : data.labels) {
    std::vector<bool> positive;
    for (const learning::Example& example : examples) positive.push_back(example.label == label);
    const Separator separator = Separate(vectors, positive, data.rows.size(), options);
    for (size_t row = 0; row < data.rows.size(); ++row) {
      data.rows[row].weights.push_back(separator.weights[row]);
    }
    data.bias.push_back(separator.bias * kBiasFeature);
  }
  return data;
}

}  // namespace switchboard::escalation
