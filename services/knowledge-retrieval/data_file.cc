#include "services/knowledge-retrieval/data_file.h"

#include <fstream>
#include <iterator>

#include "common/base/strings.h"

namespace switchboard::knowledge_retrieval {

absl::StatusOr<nlohmann::json> ReadJsonFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(StrCat(path, ": cannot be read"));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  nlohmann::json document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    return absl::InvalidArgumentError(StrCat(path, ": is not a JSON object"));
  }
  return document;
}

absl::Status FileErrors(const std::string& path, const std::vector<std::string>& errors) {
  if (errors.empty()) return absl::OkStatus();
  std::string lines;
  for (const std::string& error : errors)
    StrAppend(&lines, lines.empty() ? "" : "\n", path, ": ", error);
  return absl::InvalidArgumentError(lines);
}

}  // namespace switchboard::knowledge_retrieval
