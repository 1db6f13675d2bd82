// Reading the agent's JSON data files, with errors that name the file and every bad entry.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace switchboard::knowledge_retrieval {

// NotFound when the file cannot be read, InvalidArgument when it is not a JSON object.
absl::StatusOr<nlohmann::json> ReadJsonFile(const std::string& path);

// Ok without errors, else InvalidArgument with one line for each.
absl::Status FileErrors(const std::string& path, const std::vector<std::string>& errors);

}  // namespace switchboard::knowledge_retrieval
