// `switchboard analytics`: the figures of a window of time.
#pragma once

#include "cli/command.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::cli {

Command AnalyticsCommand();
Command RebuildCommand();

std::string FormatSummary(const v1::SummaryReply& summary);

}  // namespace switchboard::cli
