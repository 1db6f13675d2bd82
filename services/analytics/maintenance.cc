#include "services/analytics/maintenance.h"

#include "absl/time/clock.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/observability/log.h"

namespace switchboard::analytics {
namespace {

// Kubernetes asks /readyz every 10 s by default: twice as often is fresh enough.
constexpr std::chrono::seconds kLookEvery{5};
// While it is broken: somebody is mending it and watches.
constexpr std::chrono::seconds kLookAgainAfter{1};
constexpr std::chrono::hours kPruneEvery{1};
// One write transaction stays below about 50 ms, so the consumer never waits long behind it.
constexpr int kPruneRowsMax = 500;

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

}  // namespace

Maintenance::Maintenance(runtime::Agent& agent, std::shared_ptr<Storage> storage,
                         StartOver start_over, std::chrono::hours retention)
    : agent_(agent),
      storage_(std::move(storage)),
      start_over_(std::move(start_over)),
      retention_(retention),
      wake_(agent.io()),
      alert_(agent.bus(), agent.info().name, agent.instance_id(),
             {.kind = "storage-failed", .severity = "critical"}) {}

void Maintenance::Register(std::shared_ptr<Transfer> transfer) {
  agent_.AddReadinessCheck("storage", [this] { return state_; });
  agent_.Spawn(
      "maintenance", [this, transfer] { return Run(transfer); }, [this] { Stop(); });
}

void Maintenance::Stop() {
  stopped_ = true;
  wake_.cancel();
}

void Maintenance::Wake() {
  look_again_ = true;
  wake_.cancel();
}

Awaitable<void> Maintenance::Run(std::shared_ptr<Transfer> transfer) {
  auto prune_at = Clock::now();
  while (!stopped_) {
    look_again_ = false;
    co_await Look();
    if (Clock::now() >= prune_at && state_.ok()) {
      prune_at = Clock::now() + kPruneEvery;
      co_await Prune();
    }
    transfer->Tidy();
    if (stopped_) co_return;
    if (look_again_) continue;
    wake_.expires_after(state_.ok() ? kLookEvery : kLookAgainAfter);
    boost::system::error_code ignored;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Awaitable<void> Maintenance::Look() {
  auto look = [storage = storage_] { return storage->Look(NowMs()); };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(look));
  absl::Status found = co_await std::move(pending);
  if (!found.ok()) {
    state_ = found;
    const std::string remedy = RemedyOf(found);
    std::string message = StrCat(found.message(), remedy.empty() ? "" : ": ", remedy);
    co_await alert_.Raise(std::move(message));
    co_return;
  }
  if (storage_->anew()) {
    // Nothing is stored before the streams are set back: what came in between would hide the gap.
    absl::Status started_over = co_await start_over_();
    if (!started_over.ok()) {
      log::Warning("consumers not set back, will be tried again",
                   {{"error", started_over.ToString()}});
      state_ = std::move(started_over);
      co_return;
    }
    log::Info("another database file: reading the streams from their beginning");
    storage_->Admit();
  }
  state_ = absl::OkStatus();
  std::string message = StrCat("analytics database ", storage_->path(), " can be written again");
  co_await alert_.Clear(std::move(message));
}

Awaitable<void> Maintenance::Prune() {
  const int64_t before_ms =
      NowMs() - std::chrono::duration_cast<std::chrono::milliseconds>(retention_).count();
  int removed = kPruneRowsMax;
  while (removed >= kPruneRowsMax && !stopped_) {
    auto prune = [storage = storage_, before_ms] {
      return storage->Use([&](Store& store) { return store.Prune(before_ms, kPruneRowsMax); });
    };
    auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(prune));
    absl::StatusOr<int> result = co_await std::move(pending);
    if (!result.ok()) {
      log::Warning("old turns not removed, will be tried again in an hour",
                   {{"error", result.status().ToString()}});
      co_return;
    }
    removed = *result;
  }
}

}  // namespace switchboard::analytics
