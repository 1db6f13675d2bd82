// analytics: keeps transcripts and figures of completed turns and answers for any window of time.
#include <csignal>
#include <memory>

#include "absl/time/clock.h"
#include "common/runtime/agent.h"
#include "services/analytics/config.h"
#include "services/analytics/handler.h"
#include "services/analytics/ingest.h"
#include "services/analytics/maintenance.h"
#include "services/analytics/storage.h"
#include "services/analytics/transfer.h"

namespace {

using namespace switchboard;  // NOLINT: main only wires

// What lives as long as the agent.
struct Parts {
  std::shared_ptr<analytics::Storage> storage;
  std::unique_ptr<analytics::Ingest> ingest;
  std::unique_ptr<analytics::Maintenance> maintenance;
};

Awaitable<absl::Status> Start(Parts* parts) {
  absl::Status prepared = co_await parts->ingest->Prepare();
  if (!prepared.ok()) co_return prepared;
  // A database that is broken does not stop the start: the alert says so, and it may be mended.
  co_await parts->maintenance->Look();
  co_return absl::OkStatus();
}

Awaitable<void> Nothing() { co_return; }

absl::Status SetUp(runtime::Agent& agent, const analytics::Config& config) {
  // A limit on the size of files is an error of a write, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  auto parts = std::make_shared<Parts>();
  const auto wake = [weak = std::weak_ptr<Parts>(parts), &agent] {
    asio::post(agent.io(), [weak] {
      if (const auto alive = weak.lock()) alive->maintenance->Wake();
    });
  };
  parts->storage = std::make_shared<analytics::Storage>(config.database, wake);
  // A file of a newer build is a mistake of the installation, which waiting does not mend.
  const absl::Status found = parts->storage->Look(absl::ToUnixMillis(absl::Now()));
  if (absl::IsFailedPrecondition(found)) return found;
  parts->ingest = std::make_unique<analytics::Ingest>(agent, parts->storage);
  parts->maintenance = std::make_unique<analytics::Maintenance>(
      agent, parts->storage, [raw = parts->ingest.get()] { return raw->StartOver(); },
      std::chrono::hours(24) * config.retention_days);
  const auto transfer = std::make_shared<analytics::Transfer>(agent, parts->storage, wake);
  const auto pool = agent.blocking_executor();
  agent.HandleAsync<v1::SummaryRequest, v1::SummaryReply>(
      "summary",
      [storage = parts->storage, pool](runtime::Context context, v1::SummaryRequest request) {
        return analytics::HandleSummary(storage, pool, std::move(context), std::move(request));
      },
      analytics::SummaryLine);
  agent.Reserve("summary");
  agent.HandleStream<v1::RedeliverRequest, v1::RedeliverReply, v1::RedeliverReply>(
      "redeliver",
      [raw = parts->ingest.get()](runtime::Context, v1::RedeliverRequest request,
                                  runtime::Emitter<v1::RedeliverReply>) {
        return raw->Redeliver(std::move(request));
      },
      nullptr, "mesh.operator.analytics.redeliver");
  agent.Reserve("redeliver");
  analytics::Transfer::Register(transfer);
  agent.OnStart([raw = parts.get()] { return Start(raw); });
  parts->ingest->Register();
  parts->maintenance->Register(transfer);
  // The runtime keeps its hooks until the end, and with this one what the tasks refer to.
  agent.OnStop([parts] { return Nothing(); });
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
