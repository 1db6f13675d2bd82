// `switchboard conversation`: what was said, through the gateway.
#pragma once

#include "cli/command.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::cli {

Command ConversationCommand();

std::string FormatHead(const v1::ConversationView& view, const Terminal& terminal);
std::string FormatTurns(const v1::ConversationView& view, const Terminal& terminal);

}  // namespace switchboard::cli
