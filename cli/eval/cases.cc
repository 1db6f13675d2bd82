#include "cli/eval/cases.h"

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"

namespace switchboard::cli::eval {

std::string Member(const nlohmann::json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found == object.end()) continue;
    if (found->is_string()) return found->get<std::string>();
    if (found->is_number() || found->is_boolean()) return found->dump();
  }
  return "";
}

absl::StatusOr<std::vector<nlohmann::json>> ReadObjects(const std::vector<std::string>& paths) {
  std::vector<nlohmann::json> objects;
  std::string errors;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
    std::string_view rest = content;
    for (int number = 1; !rest.empty(); ++number) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (object.is_object()) {
        objects.push_back(std::move(object));
      } else {
        StrAppend(&errors, errors.empty() ? "" : "\n", path, ":", number, ": is not a JSON object");
      }
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(errors);
  return objects;
}

absl::StatusOr<std::vector<Case>> ReadCases(const std::vector<std::string>& paths) {
  ASSIGN_OR_RETURN(const std::vector<nlohmann::json> objects, ReadObjects(paths));
  std::vector<Case> cases;
  size_t without = 0;
  for (const nlohmann::json& object : objects) {
    Case one = {Member(object, {"text", "query", "prompt", "Behavior"}), Member(object, {"label"}),
                Member(object, {"language"})};
    if (one.text.empty()) ++without;
    if (!one.text.empty()) cases.push_back(std::move(one));
  }
  if (without > 0) {
    return absl::InvalidArgumentError(
        StrCat(without, " lines have no text: each needs \"text\", \"query\" or \"prompt\""));
  }
  return cases;
}

absl::StatusOr<bool> IsPositive(const std::string& label) {
  const std::string lower = AsciiStrToLower(label);
  for (const char* yes : {"1", "true", "yes", "unsafe", "attack", "handoff", "positive"}) {
    if (lower == yes) return true;
  }
  for (const char* no : {"0", "false", "no", "safe", "benign", "none", "negative"}) {
    if (lower == no) return false;
  }
  return absl::InvalidArgumentError(
      StrCat("label \"", label, "\" is neither positive (1, true, attack …) nor negative (0 …)"));
}

}  // namespace switchboard::cli::eval
