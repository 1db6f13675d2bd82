// The weights of alignment.h.
#include "services/critic-supervisor/critic/alignment.h"

namespace switchboard::critic {
namespace {

struct Weight {
  std::string_view name;
  double weight;
};

// The logistic model, as fit_grounding prints it; its threshold is in the constant.
constexpr double kConstant = -2.88;
constexpr std::array<Weight, kFeatureCount> kWeights = {{
    {"new_known", 0.24},
    {"new_other", 0.00},
    {"scattered", 0.50},
    {"thing", 1.76},
    {"new_share", 2.35},
    {"promise", 3.39},
    {"quantity", 4.82},
    {"binding", 2.43},
    {"bound", 3.28},
    {"weekday", 3.24},
    {"negation", 3.84},
    {"universal", 2.88},
    {"condition", 2.97},
    {"narrowing", 2.04},
    {"only", 2.42},
    {"comparison", 2.83},
    {"name", 3.64},
}};

}  // namespace

std::string_view FeatureName(Feature feature) {
  return kWeights[static_cast<size_t>(feature)].name;
}

double Alignment::Score() const {
  if (states_nothing) return -1;
  double score = kConstant;
  for (size_t i = 0; i < kFeatureCount; ++i) score += kWeights[i].weight * features[i];
  return score;
}

Feature Alignment::Reason() const {
  size_t best = 0;
  for (size_t i = 1; i < kFeatureCount; ++i) {
    if (kWeights[i].weight * features[i] > kWeights[best].weight * features[best]) best = i;
  }
  return static_cast<Feature>(best);
}

}  // namespace switchboard::critic
