#include "services/escalation/decision.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace switchboard::escalation {
namespace {

using Json = nlohmann::json;

template <size_t count>
bool Read(const Json& root, const char* key, std::array<double, count>& values) {
  const auto found = root.find(key);
  if (found == root.end() || !found->is_array() || found->size() != count) return false;
  for (size_t i = 0; i < count; ++i) {
    if (!(*found)[i].is_number()) return false;
    values[i] = (*found)[i].template get<double>();
  }
  return true;
}

bool Read(const Json& root, const char* key, double& value) {
  const auto found = root.find(key);
  if (found == root.end() || !found->is_number()) return false;
  value = found->get<double>();
  return true;
}

}  // namespace

template <size_t count>
double Probability(const std::array<double, count>& weights,
                   const std::array<double, count>& features) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += weights[i] * features[i];
  return 1 / (1 + std::exp(-sum));
}

template double Probability<kTextFeatureCount>(const TextFeatures&, const TextFeatures&);
template double Probability<kTroubleFeatureCount>(const TroubleFeatures&, const TroubleFeatures&);

std::string SerializeModelFile(const Decision& decision, std::string_view text_model) {
  Json texts = Json::object();
  for (const auto& [label, text] : decision.texts) {
    texts[label] = {{"weights", text.weights}, {"threshold", text.threshold}};
  }
  const Json root = {{"texts", texts},
                     {"trouble_weights", decision.trouble_weights},
                     {"trouble_threshold", decision.trouble_threshold}};
  return root.dump() + "\n" + std::string(text_model);
}

absl::StatusOr<ModelFile> ParseModelFile(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return absl::DataLossError("the model file has no first line");
  const Json root = Json::parse(bytes.substr(0, end), nullptr, /*allow_exceptions=*/false);
  ModelFile file;
  Decision& decision = file.decision;
  bool good = root.is_object() && root.contains("texts") && root["texts"].is_object();
  if (good) {
    for (const auto& [label, text] : root["texts"].items()) {
      Decision::Text& read = decision.texts[label];
      good = good && text.is_object() && Read(text, "weights", read.weights) &&
             Read(text, "threshold", read.threshold);
    }
  }
  if (!good || !Read(root, "trouble_weights", decision.trouble_weights) ||
      !Read(root, "trouble_threshold", decision.trouble_threshold)) {
    return absl::DataLossError("the model file's first line does not hold this version's weights");
  }
  file.text_model = bytes.substr(end + 1);
  return file;
}

}  // namespace switchboard::escalation
