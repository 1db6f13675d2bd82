// `switchboard kb ls` and `kb rm`: what the knowledge bucket holds.
#pragma once

#include <vector>

#include "cli/command.h"
#include "common/bus/key_value.h"

namespace switchboard::cli::kb {

Command ListCommand();
Command RemoveCommand();

// One row an entry, sorted by key; `kind` is doc, order, product, customer or empty for all.
std::string FormatEntries(std::vector<bus::KeyValueEntry> entries, const std::string& kind,
                          bool as_json);

}  // namespace switchboard::cli::kb
