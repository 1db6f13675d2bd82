// `switchboard kb search`: what knowledge-retrieval finds, without a turn around it.
#pragma once

#include "cli/command.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::cli::kb {

Command SearchCommand();

std::string FormatSearch(const v1::SearchReply& reply, const Terminal& terminal);

}  // namespace switchboard::cli::kb
