// analytics: keeps transcripts and figures of completed turns and answers for any window of time.
#include <memory>

#include "common/runtime/agent.h"
#include "services/analytics/config.h"
#include "services/analytics/handler.h"
#include "services/analytics/ingest.h"
#include "services/analytics/maintenance.h"
#include "services/analytics/store.h"

namespace {

using namespace switchboard;  // NOLINT: main only wires

Awaitable<void> Nothing() { co_return; }

absl::Status SetUp(runtime::Agent& agent, const analytics::Config& config) {
  ASSIGN_OR_RETURN(std::unique_ptr<analytics::Store> opened,
                   analytics::Store::Open(config.database));
  std::shared_ptr<analytics::Store> store = std::move(opened);
  auto ingest = std::make_shared<analytics::Ingest>(agent, store);
  auto maintenance = std::make_shared<analytics::Maintenance>(
      agent, store, std::chrono::hours(24) * config.retention_days);
  const auto pool = agent.blocking_executor();
  agent.HandleAsync<v1::SummaryRequest, v1::SummaryReply>(
      "summary",
      [store, pool](runtime::Context context, v1::SummaryRequest request) {
        return analytics::HandleSummary(store, pool, std::move(context), std::move(request));
      },
      analytics::SummaryLine);
  agent.OnStart([ingest] { return ingest->Prepare(); });
  ingest->Register();
  maintenance->Register();
  // The runtime keeps its hooks until the end, and with this one what the tasks refer to.
  agent.OnStop([ingest, maintenance] { return Nothing(); });
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  return runtime::Run<analytics::Config>(
      argc, argv,
      {.name = "analytics",
       .description = "Keeps transcripts and figures of completed turns, for any window of time."},
      SetUp);
}
