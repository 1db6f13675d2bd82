// How good a model is on messages it was not trained on.
//
//   std::cout << Describe(Evaluate(model, holdout));
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/learning/dataset.h"
#include "common/learning/model.h"

namespace switchboard::learning {

struct Share {
  size_t right = 0;
  size_t all = 0;
  double value() const {
    return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
  }
};

struct Evaluation {
  Share all;
  Share in_scope;
  Share out_of_scope;  // recall
  // Messages in scope that were taken for out of scope, of all in scope.
  Share false_out_of_scope;
  std::map<std::string, Share> by_language;
  std::map<std::string, Share> by_label;  // recall
  // Expected calibration error of the decisions, ten bins.
  double calibration_error = 0;
  // Median and slowest of one Classify, microseconds.
  double latency_p50_us = 0;
  double latency_p99_us = 0;
};

Evaluation Evaluate(const Model& model, const std::vector<Example>& examples);

// A few lines a person can read.
std::string Describe(const Evaluation& evaluation);

}  // namespace switchboard::learning
