// `switchboard tail`: the mesh's messages as they pass.
#pragma once

#include "cli/command.h"

namespace switchboard::cli {

Command TailCommand();

}  // namespace switchboard::cli
