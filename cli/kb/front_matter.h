// Markdown with front matter, as people keep their help pages:
//
//   ---
//   id: return-policy
//   title: Return policy
//   category: returns
//   language: en
//   keywords: send back, give back
//   ---
//   # Return policy
//   …
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::cli::kb {

struct MarkdownOptions {
  // Language of a document that does not name one.
  std::string default_language = "en";
};

// The document in `text`. Without front matter, or where it is silent, the id is the file's name
// without its ending (spaces and the like as "-"), and the title is the first heading. Fields that
// are not ours are passed over and named in `warnings`, if given. InvalidArgument with file and
// line: not UTF-8, front matter without an end, a line in it that is no field, a field twice, an
// unusable id or language, no title, no text, more than 256 KiB.
absl::StatusOr<v1::KnowledgeEntry::Document> ParseMarkdown(
    const std::string& file, std::string_view text, const MarkdownOptions& options = {},
    std::vector<std::string>* warnings = nullptr);

// Ok for a BCP 47 tag of a language with an optional script or region.
bool IsLanguageTag(std::string_view text);

// "a, b" and "[a, \"b\"]" as their pieces, empty ones left out.
std::vector<std::string> SplitList(std::string_view text);

}  // namespace switchboard::cli::kb
