// Labelled utterances: what the model is trained and measured on.
//
//   {"text": "where is my parcel", "label": "TRACKING_UPDATE", "language": "en"}
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace switchboard::learning {

struct Example {
  std::string text;
  std::string label;
  // BCP 47; "und" where the line gives none.
  std::string language;
  // Who wrote it, or when it was collected; empty where the line does not say.
  std::string source = {};
};

// One JSON object a line; empty lines are skipped. InvalidArgument names every bad line.
absl::StatusOr<std::vector<Example>> ParseDataset(std::string_view json_lines);

}  // namespace switchboard::learning
