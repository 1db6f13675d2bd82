// Cross-validates the critic's model of foreign text on documents some of which hold an instruction
// that somebody smuggled in.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "cli/eval/cases.h"
#include "cli/eval/measurement.h"

namespace switchboard::cli::eval {

// Each fold's model learns from our own data and the other folds: from a clean document every
// sentence, from an attacked one those that stand in no clean document of those folds and nowhere
// in the fold that is measured: many documents share an instruction. A document with and without
// attacks stays in one fold. Adds the area under the curve and the true positives
// at 2 % false alarms, both from the scores of all folds together.
absl::Status CrossValidateForeignText(const std::vector<Case>& cases,
                                      const std::vector<bool>& attacks, int folds,
                                      Measurement& measurement);

}  // namespace switchboard::cli::eval
