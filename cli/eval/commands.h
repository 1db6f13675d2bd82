// `switchboard eval <task>`: measures an agent's real handler, in this process, on JSONL files; no
// mesh is needed. `switchboard eval suite` runs a list of such measurements, each in a process of
// its own, and writes the page docs/evaluation.md.
#pragma once

#include "cli/command.h"

namespace switchboard::cli::eval {

Command IntentsCommand();
Command AttacksCommand();
Command PersonalDataCommand();
Command GroundingCommand();
Command HandoffCommand();
Command EscalationCommand();
Command RetrievalCommand();
Command SuiteCommand();

}  // namespace switchboard::cli::eval
