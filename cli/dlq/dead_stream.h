// The stream DEAD as the `dlq` commands read it.
#pragma once

#include <string>
#include <vector>

#include "cli/dlq/letter.h"
#include "common/base/asio.h"
#include "common/bus/connection.h"

namespace switchboard::cli::dlq {

struct Selection {
  // Empty: every origin.
  std::string origin;
  // At most so many; 0: all.
  uint64_t limit = 0;
  // The newest ones when there are more; else the oldest.
  bool newest = true;
};

struct Found {
  // Oldest first.
  std::vector<Letter> letters;
  // In the stream, whatever their origin.
  uint64_t total = 0;
};

// NotFound: there is no stream DEAD.
Awaitable<absl::StatusOr<Found>> Select(bus::Connection* connection, Selection selection);

// NotFound: no dead letter of this id.
Awaitable<absl::StatusOr<Letter>> Get(bus::Connection* connection, uint64_t id);

// Ids from the command line. A usage error names what is none.
absl::StatusOr<std::vector<uint64_t>> ReadIds(const std::vector<std::string>& words);

}  // namespace switchboard::cli::dlq
