// Trains an EvidenceModel: logistic regression by liblinear, threshold by cross-validation.
//
//   ASSIGN_OR_RETURN(const EvidenceTraining training, TrainEvidence(examples, options));
//   Write(path, training.model.Serialize());
//
// Deterministic. Runs at build time and in measurements only; nothing that serves links it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/critic-supervisor/critic/evidence.h"

namespace switchboard::critic {

struct EvidenceExample {
  enum class Kind {
    kAttack,
    // Looks like an attack and is none.
    kLookAlike,
    // Ordinary text: what customers and documents say all day.
    kOrdinary,
  };
  std::string folded;  // a view as normalise.h makes it
  Kind kind;
};

struct EvidenceOptions {
  Stretches stretches = Stretches::kWindows;
  // liblinear's cost, and what an attack weighs beside a benign text. Chosen by cross-validation on
  // our own data; twice or half of either changes recall by less than .01.
  double cost = 10;
  double attack_weight = 3;
  int folds = 5;
  // The threshold lets at most these shares of held-out benign texts be called attacks: two thirds
  // of what the whole critic may cost (0.001); its rules, on the same texts, cost nearly nothing.
  double ordinary_share = 0.0007;
  double look_alike_share = 0.02;
};

struct EvidenceTraining {
  EvidenceModel model;
  // Measured on held-out folds at the threshold.
  double recall = 0;
  double ordinary_alarms = 0;
  double look_alike_alarms = 0;
};

// InvalidArgument when attacks or benign texts are missing.
absl::StatusOr<EvidenceTraining> TrainEvidence(const std::vector<EvidenceExample>& examples,
                                               const EvidenceOptions& options);

// Without cross-validation: the threshold is 0.
EvidenceModel FitEvidence(const std::vector<const EvidenceExample*>& examples,
                          const EvidenceOptions& options);

}  // namespace switchboard::critic
