// `switchboard train` makes a model from labelled messages; `switchboard model` says which version
// of a model every replica uses.
#pragma once

#include "cli/command.h"

namespace switchboard::cli::model {

Command TrainCommand();
Command PutCommand();
Command ListCommand();
Command RollbackCommand();
Command ResetCommand();

}  // namespace switchboard::cli::model
