// Trains a text classifier: small networks on hashed n-grams, calibrated on what cross-validation
// held out.
//
//   ASSIGN_OR_RETURN(const Training training, Train(examples, lexicon, {}));
//   Write(path, SerializeModel(training.data));
//
// Deterministic: the same examples in the same order give the same bytes. Nothing that serves
// customers links it. Two labels are enough (attack or not, a request for a person or not); with
// kOutOfScope among the labels, or a background, the model also knows when no label fits.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/learning/dataset.h"
#include "common/learning/model.h"
#include "common/learning/network.h"

namespace switchboard::learning {

struct TrainOptions {
  // Of each network. Measured values stand in README.md.
  NetworkOptions network;
  // Networks that differ in their random numbers only, their log-probabilities averaged: two give
  // most of what more would give.
  int networks = 2;
  // Also n-grams of letters over spaces: better with many labels in one language, and twice the
  // size.
  bool letters_across = true;
  // Folds of the cross-validation, 2 or more; 0: 5 up to 5,000 messages, 3 beyond. Where the
  // examples name at least as many sources, whole sources are held out. Otherwise messages made
  // from one template stay in one fold, or the held-out scores would look better than they are.
  int folds = 0;
  // Features of fewer messages are left out.
  int documents_min = 2;
  // What an out-of-scope message weighs beside one in scope.
  double out_of_scope_weight = 1;
  // Share of the messages to come that is out of scope, for which the threshold is best: 0 to 1.
  // Negative: 0.1, or 0.25 with a background, for who has no such examples has not kept them away
  // either (in published logs of shops' bots a third and more is out of scope).
  double out_of_scope_share = -1;
  // Messages that belong to no label, for examples without kOutOfScope: they become that label. The
  // threshold is then found with labels left out of the training in turn, whose messages stand for
  // what nobody thought of.
  std::vector<std::string> background;
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

// The texts of the examples that are out of scope: what TrainOptions::background takes.
std::vector<std::string> OutOfScopeTexts(const std::vector<Example>& examples);

}  // namespace switchboard::learning
