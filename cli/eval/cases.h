// The JSONL files that measurements read: one object a line.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace switchboard::cli::eval {

// Every line of every file that is an object. NotFound: no such file. InvalidArgument with a line
// for each that is not one, "file:line: what".
absl::StatusOr<std::vector<nlohmann::json>> ReadObjects(const std::vector<std::string>& paths);

struct Case {
  std::string text;
  // "" when the line gives none; numbers and booleans as they are written.
  std::string label;
  std::string language;
};

// Lines with `text`, `query`, `prompt` or `Behavior`, and perhaps `label`, `language`.
absl::StatusOr<std::vector<Case>> ReadCases(const std::vector<std::string>& paths);

// The first of `names` that is there as a string, number or boolean; "" when none is.
std::string Member(const nlohmann::json& object, std::initializer_list<const char*> names);

// 1, true, yes, unsafe, ATTACK, HANDOFF … against 0, false, no, safe, BENIGN, NONE; an error for
// anything else.
absl::StatusOr<bool> IsPositive(const std::string& label);

}  // namespace switchboard::cli::eval
