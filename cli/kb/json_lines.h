// JSON lines: documents `{"id", "title", "content", "category", "language"?, "keywords"?}`, and
// records, known by their file's name: orders.jsonl, products.jsonl, customers.jsonl.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/kb/entry.h"

namespace switchboard::cli::kb {

// "order", "product" or "customer" for a file of records by its name; empty for documents.
std::string RecordKind(const std::string& file);

// The entries of `text`, one a line; empty lines are passed over. Wrong lines do not end the
// reading: each adds "file:line: what" to `errors`. An order belongs to its customer_id, a customer
// to itself, a product to everybody.
std::vector<Entry> ParseJsonLines(const std::string& file, std::string_view text,
                                  const std::string& default_language,
                                  std::vector<std::string>& errors);

}  // namespace switchboard::cli::kb
