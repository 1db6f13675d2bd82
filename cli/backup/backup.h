// `switchboard backup` and `switchboard restore`: the mesh's state as a folder, and back.
#pragma once

#include "cli/command.h"

namespace switchboard::cli::backup {

Command BackupCommand();
Command RestoreCommand();

}  // namespace switchboard::cli::backup
