// Reads data/ and builds the answerer. The only part of this library that touches files; used at
// start.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/response-generator/answerer.h"

namespace switchboard::response_generator {

// `data_dir` holds lexicon.json, manners.json and templates.<language>.json; `company` is how we
// call ourselves. NotFound: a file cannot be read; InvalidArgument: one line for each wrong entry.
absl::StatusOr<Answerer> LoadAnswerer(const std::string& data_dir, const std::string& company);

}  // namespace switchboard::response_generator
