// An intent model made on the spot, so that no fuzz target waits for a training: the real concepts,
// a few labels, and weights for the n-grams of a few words.
#pragma once

#include <map>
#include <utility>

#include "common/learning/model.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard::fuzz {

inline learning::ModelData SmallModel() {
  using namespace learning;  // NOLINT: all of it is about the model
  ModelData data;
  data.labels = {"CANCEL_ORDER", "ORDER_STATUS", "OUT_OF_SCOPE", "REFUND_STATUS"};
  data.lexicon =
      Lexicon::FromJson(ReadProjectFile("services/intent-classifier/concepts.json")).value();
  data.documents = 10;
  data.sharpness = 2;
  data.threshold = 0.5f;
  // One hidden unit for each label.
  data.hidden = 4;
  data.hidden_bias = {0, 0, 0, 0};
  data.output = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  data.output_bias = {0, 0.1f, -0.5f, 0};
  const std::pair<const char*, uint8_t> words[] = {
      {"cancel my order", 0},  {"annuler ma commande", 0}, {"where is my order 10452", 1},
      {"où est mon colis", 1}, {"refund my money", 3},     {"quiero mi reembolso", 3}};
  std::map<uint32_t, ModelData::Row> rows;
  Extractor extractor;
  std::vector<uint32_t> keys;
  for (const auto& [text, label] : words) {
    extractor.Extract(text, data.lexicon, keys);
    for (const uint32_t key : keys) {
      ModelData::Row& row = rows[SlotOf(key)];
      row.slot = SlotOf(key);
      row.documents = 3;
      row.embedding.resize(4);
      row.embedding[label] = 1.0f + static_cast<float>(label);
    }
  }
  for (auto& [slot, row] : rows) data.rows.push_back(row);
  return data;
}

}  // namespace switchboard::fuzz
