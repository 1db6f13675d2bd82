#include "common/learning/dataset.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace switchboard::learning {
namespace {

// Empty when the line is fine.
std::string ParseLine(std::string_view line, Example& example) {
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return "is not a JSON object";
  const auto member = [&](const char* name) -> std::string {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
  };
  example = {member("text"), member("label"), member("language"), member("source")};
  if (example.text.empty()) return "has no text";
  if (example.label.empty()) return "has no label";
  if (example.language.empty()) example.language = "und";
  return "";
}

}  // namespace

absl::StatusOr<std::vector<Example>> ParseDataset(std::string_view json_lines) {
  std::vector<Example> examples;
  std::string errors;
  for (int number = 1; !json_lines.empty(); ++number) {
    const size_t end = std::min(json_lines.find('\n'), json_lines.size());
    const std::string_view line = json_lines.substr(0, end);
    json_lines.remove_prefix(std::min(end + 1, json_lines.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Example example;
    if (const std::string error = ParseLine(line, example); !error.empty()) {
      errors += "line " + std::to_string(number) + " " + error + "\n";
    } else {
      examples.push_back(std::move(example));
    }
  }
  if (!errors.empty()) {
    errors.pop_back();
    return absl::InvalidArgumentError(errors);
  }
  return examples;
}

}  // namespace switchboard::learning
