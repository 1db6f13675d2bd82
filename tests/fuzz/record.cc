// What consumers of a completed turn make of its record, whatever it holds: analytics' tables and
// figures, escalation's ticket, the conversation's next state.
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "common/conversation/state.h"
#include "services/analytics/store.h"
#include "services/critic-supervisor/outcome.h"
#include "services/escalation/ticket.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

// A file that nobody sees but SQLite's connections, gone with the process.
analytics::Store& TheStore() {
  static analytics::Store& store = *[] {
    std::string folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    folder += "/switchboard-fuzz-XXXXXX";
    FUZZ_DEMAND(mkdtemp(folder.data()) != nullptr);
    auto opened = analytics::Store::Open(folder + "/analytics.db");
    FUZZ_DEMAND(opened.ok());
    std::filesystem::remove_all(folder);
    return opened->release();
  }();
  return store;
}

void Store(const v1::ConversationRecord& record) {
  analytics::Store& store = TheStore();
  if (!analytics::CheckTurn(record).ok()) return;
  const auto stored = store.InsertTurns({&record, 1});
  FUZZ_DEMAND(stored.ok());
  // Up to the last millisecond that a Timestamp can name.
  constexpr int64_t kEndMs = 253402300799999;
  const auto summary = store.Summarize({0, kEndMs}, Deadline::After(std::chrono::seconds(10)));
  FUZZ_DEMAND(summary.ok());
  fuzz::DemandSound(*summary);
  for (const double share :
       {summary->automation_rate(), summary->escalation_rate(), summary->confidence_mean()}) {
    FUZZ_DEMAND(share >= 0 && share <= 1);
  }
  FUZZ_DEMAND(store.Prune(kEndMs, 1000).ok());
}

void Examine(const v1::ConversationRecord& record) {
  Store(record);
  if (escalation::CallsPerson(record)) {
    const auto ticket = escalation::BuildTicket(record);
    ticket.ok() ? fuzz::DemandSound(*ticket) : fuzz::DemandSound(ticket.status());
  }
  v1::Conversation state = record.conversation();
  conversation::AppendTurn(state, record.turn(), state.focus(), 1795190400000);
  fuzz::DemandSound(state);
  FUZZ_DEMAND(state.window_size() <= conversation::kWindowMax);
  FUZZ_DEMAND(!critic_supervisor::Summarise(record.turn().reply(), 3).empty());
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::ConversationRecord)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::ConversationRecord record;
  if (switchboard::fuzz::DecodeMessage(switchboard::fuzz::Text(data, size), &record)) {
    switchboard::Examine(record);
  }
  return 0;
}
