#include "cli/kb/collect.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <sstream>

#include "cli/kb/front_matter.h"
#include "cli/kb/json_lines.h"
#include "cli/kb/questions.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli::kb {
namespace {

namespace fs = std::filesystem;

// Beyond this nobody reads what is wrong; the rest is counted.
constexpr size_t kErrorsShownMax = 20;

bool IsMarkdown(const fs::path& path) {
  const std::string ending = AsciiStrToLower(path.extension().string());
  return ending == ".md" || ending == ".markdown";
}

bool IsJsonLines(const fs::path& path) {
  const std::string ending = AsciiStrToLower(path.extension().string());
  return ending == ".jsonl" || ending == ".ndjson";
}

bool IsHidden(const fs::path& path) { return path.filename().string().rfind('.', 0) == 0; }

bool IsWanted(const fs::path& path) {
  if (IsHidden(path) || AsciiStrToLower(path.filename().string()) == "readme.md") return false;
  return IsMarkdown(path) || IsJsonLines(path);
}

absl::Status AddFolder(const fs::path& folder, std::vector<fs::path>& files) {
  std::error_code error;
  const size_t before = files.size();
  fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied,
                                        error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->is_directory(error) && IsHidden(walk->path())) walk.disable_recursion_pending();
    if (walk->is_regular_file(error) && IsWanted(walk->path())) files.push_back(walk->path());
  }
  if (error) return absl::UnavailableError(StrCat(folder.string(), ": ", error.message()));
  std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<fs::path>> FilesOf(const std::vector<std::string>& paths) {
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      RETURN_IF_ERROR(AddFolder(path, files));
    } else if (!fs::exists(path, error)) {
      return absl::NotFoundError(StrCat(path, " does not exist"));
    } else if (IsMarkdown(path) || IsJsonLines(path)) {
      files.emplace_back(path);
    } else {
      return absl::InvalidArgumentError(
          StrCat(path, " is neither Markdown (.md) nor JSON lines (.jsonl)"));
    }
  }
  if (files.empty()) return absl::NotFoundError("nothing to load: no .md or .jsonl file is there");
  return files;
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return absl::UnavailableError(StrCat(path.string(), " cannot be read"));
  return text.str();
}

std::string Joined(const std::vector<std::string>& errors) {
  const size_t shown = std::min(errors.size(), kErrorsShownMax);
  std::string out = StrJoin(std::span(errors).first(shown), "\n");
  if (errors.size() > shown) StrAppend(&out, "\n… and ", errors.size() - shown, " more");
  return out;
}

void RefuseDuplicates(const std::vector<Entry>& entries, std::vector<std::string>& errors) {
  std::map<std::string, const Entry*> seen;
  for (const Entry& entry : entries) {
    const auto [first, is_new] = seen.emplace(KeyOf(entry.value), &entry);
    if (!is_new) {
      errors.push_back(StrCat(entry.origin, ": ", first->first, " is there already, from ",
                              first->second->origin));
    }
  }
}

}  // namespace

absl::StatusOr<Collected> Collect(const std::vector<std::string>& paths,
                                  const std::string& default_language) {
  ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesOf(paths));
  Collected collected;
  std::vector<std::string> errors;
  std::vector<Question> questions;
  for (const fs::path& path : files) {
    const std::string file = path.string();
    absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) {
      errors.emplace_back(text.status().message());
    } else if (IsJsonLines(path) && IsQuestionFile(file)) {
      for (Question& question : ParseQuestions(file, *text, errors)) {
        questions.push_back(std::move(question));
      }
    } else if (IsJsonLines(path)) {
      for (Entry& entry : ParseJsonLines(file, *text, default_language, errors)) {
        collected.entries.push_back(std::move(entry));
      }
    } else {
      auto document = ParseMarkdown(file, *text, {default_language}, &collected.warnings);
      if (!document.ok()) {
        errors.emplace_back(document.status().message());
        continue;
      }
      Entry& entry = collected.entries.emplace_back();
      *entry.value.mutable_document() = *std::move(document);
      entry.origin = file;
    }
  }
  RefuseDuplicates(collected.entries, errors);
  AddQuestions(questions, collected.entries, errors);
  if (!errors.empty()) return absl::InvalidArgumentError(Joined(errors));
  return collected;
}

}  // namespace switchboard::cli::kb
