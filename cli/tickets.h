// `switchboard ticket` and `switchboard tickets`: the cases handed to people.
#pragma once

#include <vector>

#include "cli/command.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::cli {

Command TicketCommand();
Command TicketsCommand();

std::string FormatTicket(const v1::Ticket& ticket);
// The newest `limit`, newest first.
std::string FormatTickets(std::vector<v1::Ticket> tickets, size_t limit);

}  // namespace switchboard::cli
