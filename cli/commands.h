// All subcommands, in the order of the help.
#pragma once

#include <vector>

#include "cli/command.h"

namespace switchboard::cli {

std::vector<Command> AllCommands();

}  // namespace switchboard::cli
