// `switchboard agents`: who is there and how it is doing.
#pragma once

#include "cli/command.h"

namespace switchboard::cli {

Command AgentsCommand();

}  // namespace switchboard::cli
