// Trains the intent model: liblinear on hashed n-grams, calibrated on what cross-validation held
// out.
//
//   ASSIGN_OR_RETURN(const Training training, Train(examples, lexicon, {}));
//   Write(path, SerializeModel(training.data));
//
// Deterministic: the same examples in the same order give the same bytes. Runs at build time only;
// nothing that serves customers links it.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/learning/dataset.h"
#include "common/learning/model.h"

namespace switchboard::learning {

struct TrainOptions {
  // liblinear's solver type and cost; measured values stand in README.md.
  int solver = 1;  // L2-regularised L2-loss support vector classification (dual)
  double cost = 0.3;
  // Folds of the cross-validation. Messages made from one template stay in one fold, or the
  // held-out scores would look better than they are.
  int folds = 5;
  // Features of fewer messages are left out.
  int documents_min = 2;
  // What an out-of-scope message weighs beside one in scope.
  double out_of_scope_weight = 0.5;
  // Weights smaller than this share of the largest are dropped.
  double prune_share = 0.002;
  // Share of the messages in scope, rightly decided before, that the out-of-scope threshold may
  // cost.
  double threshold_cost = 0.001;
};

struct Training {
  ModelData data;
  // What cross-validation measured on the held-out folds: share of right decisions, share of
  // out-of-scope messages seen as such, expected calibration error.
  double accuracy = 0;
  double in_scope_accuracy = 0;
  double out_of_scope_recall = 0;
  double calibration_error = 0;
};

// InvalidArgument with fewer than two labels, or fewer messages of a label than folds.
absl::StatusOr<Training> Train(const std::vector<Example>& examples, const Lexicon& lexicon,
                               const TrainOptions& options);

}  // namespace switchboard::learning
