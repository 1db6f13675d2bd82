// Analytics' database over the bus: fetched from the agent, and sent back, piece by piece.
#pragma once

#include <string>

#include "cli/backup/manifest.h"
#include "cli/terminal.h"
#include "common/base/asio.h"
#include "common/bus/connection.h"

namespace switchboard::cli::backup {

// Has the agent make a copy and writes it below `folder`. Unavailable: no analytics agent runs.
Awaitable<absl::StatusOr<Analytics>> FetchDatabase(bus::Connection* connection, std::string folder,
                                                   Terminal* terminal);

// Where an upload stands that the agent holds until it is committed.
struct Upload {
  std::string instance_id;
  std::string upload_id;
};

// Sends the database; nothing is changed yet. AlreadyExists: the present one holds turns and
// `replace` is not set.
Awaitable<absl::StatusOr<Upload>> SendDatabase(bus::Connection* connection, std::string folder,
                                               Analytics analytics, bool replace,
                                               Terminal* terminal);

// Puts it in the present one's place.
Awaitable<absl::Status> CommitDatabase(bus::Connection* connection, Upload upload);

}  // namespace switchboard::cli::backup
