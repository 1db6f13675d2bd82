#include "cli/commands.h"

#include "cli/agents.h"
#include "cli/analytics.h"
#include "cli/ask.h"
#include "cli/backup/backup.h"
#include "cli/conversation.h"
#include "cli/dlq/commands.h"
#include "cli/eval/commands.h"
#include "cli/kb/entries.h"
#include "cli/kb/load.h"
#include "cli/kb/search.h"
#include "cli/model/commands.h"
#include "cli/tail.h"
#include "cli/tickets.h"

namespace switchboard::cli {

std::vector<Command> AllCommands() {
  return {AskCommand(),
          TailCommand(),
          AgentsCommand(),
          ConversationCommand(),
          TicketCommand(),
          TicketsCommand(),
          AnalyticsCommand(),
          RebuildCommand(),
          kb::LoadCommand(),
          kb::PutCommand(),
          kb::RemoveCommand(),
          kb::ListCommand(),
          kb::SearchCommand(),
          dlq::ListCommand(),
          dlq::ShowCommand(),
          dlq::ReplayCommand(),
          dlq::DropCommand(),
          backup::BackupCommand(),
          backup::RestoreCommand(),
          model::TrainCommand(),
          model::PutCommand(),
          model::ListCommand(),
          model::RollbackCommand(),
          model::ResetCommand(),
          eval::IntentsCommand(),
          eval::AttacksCommand(),
          eval::PersonalDataCommand(),
          eval::GroundingCommand(),
          eval::HandoffCommand(),
          eval::EscalationCommand(),
          eval::RetrievalCommand(),
          eval::SuiteCommand()};
}

}  // namespace switchboard::cli
