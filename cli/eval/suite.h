// A list of measurements and the page they make.
//
//   {"rows": [{"section": "Intents", "title": "banking77, 5-fold",
//              "eval": ["intents", "--folds", "5", "{data}/intent/banking77_train.jsonl"],
//              "targets": {"accuracy": 0.92, "calibration error": -0.03},
//              "floors": {"accuracy": 0.9}}, …]}
//
// "{data}" stands for the folder given with --data. A positive bound is the least, a negative one
// the most. Targets are what is wanted, and the page says whether they are met; floors are what a
// change must not fall below, and `--check` fails when one does.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace switchboard::cli::eval {

struct Row {
  std::string section;
  std::string title;
  // The words after `switchboard eval`.
  std::vector<std::string> words;
  std::map<std::string, double> targets, floors;
  // What could not be measured and why; empty when it was.
  std::string missing;
  // What `--json` printed.
  std::string result;
};

// InvalidArgument says which row is wrong.
absl::StatusOr<std::vector<Row>> ParseSuite(std::string_view json, const std::string& data);

// One line for each floor that a row has fallen below or for which it has no figure.
std::vector<std::string> BelowFloor(const std::vector<Row>& rows);

// The page in Markdown, below `heading`.
std::string Page(const std::vector<Row>& rows, const std::string& heading);

}  // namespace switchboard::cli::eval
