// Files and folders as the entries they hold.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/kb/entry.h"

namespace switchboard::cli::kb {

struct Collected {
  // In the order of their paths.
  std::vector<Entry> entries;
  std::vector<std::string> warnings;
};

// Questions are given to their documents (questions.h). Reads *.md, *.markdown, *.jsonl and
// *.ndjson; folders with everything below them, but for hidden files and README.md, which are about
// the folder. InvalidArgument with a line for each mistake, all at once; the same id twice is one.
// NotFound: a path that does not exist, or nothing to load.
absl::StatusOr<Collected> Collect(const std::vector<std::string>& paths,
                                  const std::string& default_language);

}  // namespace switchboard::cli::kb
