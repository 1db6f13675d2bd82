// An entry of the knowledge bucket and where it came from.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::cli::kb {

struct Entry {
  v1::KnowledgeEntry value;
  // "documents/en/returns.md" or "orders.jsonl:12": what an error names.
  std::string origin;
};

// doc.<id>, order.<id>, product.<id> or customer.<id>.
std::string KeyOf(const v1::KnowledgeEntry& entry);

// The key a person means: "order.10452" and "order:10452" are records, all else is a document's id.
std::string KeyFromId(std::string_view id);

// "file:line: what"; InvalidArgument.
absl::Status At(std::string_view file, size_t line, std::string_view what);

// Ok when `id` can be part of a key: letters, digits and . _ -, at most 128, no dot at either end.
absl::Status CheckId(std::string_view id, std::string_view file, size_t line);

// The contract's bound for KnowledgeEntry.Document.content.
inline constexpr size_t kContentBytesMax = 256 * 1024;

}  // namespace switchboard::cli::kb
