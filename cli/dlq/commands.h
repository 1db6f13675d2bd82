// `switchboard dlq ls|show|replay|drop`: what could not be handled, and what becomes of it.
#pragma once

#include "cli/command.h"

namespace switchboard::cli::dlq {

Command ListCommand();
Command ShowCommand();
Command ReplayCommand();
Command DropCommand();

}  // namespace switchboard::cli::dlq
