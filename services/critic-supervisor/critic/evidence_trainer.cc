#include "services/critic-supervisor/critic/evidence_trainer.h"

#include <linear.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "common/base/fault.h"

namespace switchboard::critic {
namespace {

using Kind = EvidenceExample::Kind;

// The weight of the constant feature: a large one leaves the bias nearly unregularised.
constexpr double kBiasFeature = 3;

// What one text trains with: the text and, of a long one, parts as long as those that are compared.
std::vector<Stretch> TrainingStretches(const Evidence& evidence, Stretches stretches) {
  if (stretches == Stretches::kSentences) return StretchesOf(evidence, stretches);
  std::vector<Stretch> found = {{0, evidence.size()}};
  if (evidence.size() <= kWindowTokens) return found;
  const size_t parts = (evidence.size() + kWindowTokens - 1) / kWindowTokens;
  const size_t size = (evidence.size() + parts - 1) / parts;
  for (size_t begin = 0; begin < evidence.size(); begin += size) {
    found.push_back({begin, std::min(begin + size, evidence.size())});
  }
  return found;
}

std::vector<feature_node> Vector(const Evidence& evidence, const Stretch& stretch) {
  std::vector<uint32_t> slots(
      evidence.slots.begin() + static_cast<std::ptrdiff_t>(evidence.begin(stretch.begin)),
      evidence.slots.begin() + static_cast<std::ptrdiff_t>(evidence.ends[stretch.end - 1]));
  std::sort(slots.begin(), slots.end());
  const double unit = 1 / std::sqrt(static_cast<double>(slots.size()));
  std::vector<feature_node> nodes;
  for (size_t i = 0; i < slots.size();) {
    size_t end = i;
    while (end < slots.size() && slots[end] == slots[i]) ++end;
    nodes.push_back({static_cast<int>(slots[i]) + 1, unit * static_cast<double>(end - i)});
    i = end;
  }
  nodes.push_back({static_cast<int>(kEvidenceSlots) + 1, kBiasFeature});
  nodes.push_back({-1, 0});
  return nodes;
}

// The score above which at most `share` of `scores` lie.
float AboveAllBut(std::vector<float> scores, double share) {
  if (scores.empty()) return 0;
  std::sort(scores.begin(), scores.end(), std::greater<>());
  const auto allowed = static_cast<size_t>(share * static_cast<double>(scores.size()));
  return scores[std::min(allowed, scores.size() - 1)];
}

double ShareAbove(const std::vector<float>& scores, float threshold) {
  const auto above =
      std::count_if(scores.begin(), scores.end(), [&](float score) { return score > threshold; });
  return scores.empty() ? 0 : static_cast<double>(above) / static_cast<double>(scores.size());
}

// The same text falls into the same fold wherever it stands.
size_t FoldOf(const EvidenceExample& example, int folds) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : example.folded)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return (hash >> 20) % static_cast<size_t>(folds);
}

}  // namespace

EvidenceModel FitEvidence(const std::vector<const EvidenceExample*>& examples,
                          const EvidenceOptions& options) {
  std::vector<std::vector<feature_node>> vectors;
  std::vector<double> truth;
  Evidence evidence;
  for (const EvidenceExample* example : examples) {
    ExtractEvidence(example->folded, options.stretches, evidence);
    for (const Stretch& stretch : TrainingStretches(evidence, options.stretches)) {
      if (stretch.begin == stretch.end) continue;
      vectors.push_back(Vector(evidence, stretch));
      truth.push_back(example->kind == Kind::kAttack ? 1 : -1);
    }
  }
  std::vector<feature_node*> rows;
  for (std::vector<feature_node>& vector : vectors) rows.push_back(vector.data());
  const problem problem = {static_cast<int>(rows.size()), static_cast<int>(kEvidenceSlots) + 1,
                           truth.data(), rows.data(), kBiasFeature};
  int attack = 1;
  double weight = options.attack_weight;
  parameter parameters = {};
  parameters.solver_type = L2R_LR;
  parameters.C = options.cost;
  parameters.eps = 0.005;
  parameters.nr_weight = 1;
  parameters.weight_label = &attack;
  parameters.weight = &weight;
  set_print_string_function([](const char*) {});
  std::srand(1);  // liblinear shuffles with rand(): the same bytes on every call
  const std::unique_ptr<model, void (*)(model*)> trained(
      train(&problem, &parameters), [](model* m) { free_and_destroy_model(&m); });
  const double sign = trained->label[0] == 1 ? 1 : -1;
  std::vector<float> weights(kEvidenceSlots);
  for (size_t slot = 0; slot < kEvidenceSlots; ++slot) {
    weights[slot] = static_cast<float>(sign * trained->w[slot]);
  }
  const auto bias = static_cast<float>(sign * trained->w[kEvidenceSlots] * kBiasFeature);
  return {options.stretches, bias, 0, std::move(weights)};
}

absl::StatusOr<EvidenceTraining> TrainEvidence(const std::vector<EvidenceExample>& examples,
                                               const EvidenceOptions& options) {
  std::vector<float> scores[3];
  for (int fold = 0; fold < options.folds; ++fold) {
    std::vector<const EvidenceExample*> others, held_out;
    size_t attacks = 0;
    for (const EvidenceExample& example : examples) {
      const bool held = FoldOf(example, options.folds) == static_cast<size_t>(fold);
      (held ? held_out : others).push_back(&example);
      attacks += !held && example.kind == Kind::kAttack;
    }
    if (attacks == 0 || attacks == others.size()) {
      return absl::InvalidArgumentError("too few attacks, or nothing else");
    }
    const EvidenceModel model = FitEvidence(others, options);
    for (const EvidenceExample* example : held_out) {
      scores[static_cast<size_t>(example->kind)].push_back(model.Strongest(example->folded));
    }
  }
  const auto& [attacks, look_alikes, ordinary] = scores;
  const float threshold = std::max(AboveAllBut(ordinary, options.ordinary_share),
                                   AboveAllBut(look_alikes, options.look_alike_share));
  std::vector<const EvidenceExample*> all;
  for (const EvidenceExample& example : examples) all.push_back(&example);
  EvidenceTraining training{FitEvidence(all, options).WithThreshold(threshold)};
  training.recall = ShareAbove(attacks, threshold);
  training.look_alike_alarms = ShareAbove(look_alikes, threshold);
  training.ordinary_alarms = ShareAbove(ordinary, threshold);
  return training;
}

}  // namespace switchboard::critic
