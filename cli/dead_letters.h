// `switchboard dlq ls`: what could not be handled, with its reason.
#pragma once

#include "cli/command.h"

namespace switchboard::cli {

Command DeadLettersCommand();

}  // namespace switchboard::cli
