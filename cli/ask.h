// `switchboard ask`: one question through the gateway, as a customer would ask it.
#pragma once

#include "cli/command.h"

namespace switchboard::cli {

Command AskCommand();

}  // namespace switchboard::cli
