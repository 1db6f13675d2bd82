#include "services/analytics/maintenance.h"

#include "absl/time/clock.h"
#include "common/observability/log.h"

namespace switchboard::analytics {
namespace {

// Kubernetes asks /readyz every 10 s by default: twice as often is fresh enough.
constexpr std::chrono::seconds kProbeEvery{5};
constexpr std::chrono::hours kPruneEvery{1};
// One write transaction stays below about 50 ms, so the consumer never waits long behind it.
constexpr int kPruneRowsMax = 500;

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

}  // namespace

void Maintenance::Register() {
  agent_.AddReadinessCheck("database", [this] { return writable_; });
  agent_.Spawn(
      "maintenance", [this] { return Run(); }, [this] { Stop(); });
}

void Maintenance::Stop() {
  stopped_ = true;
  wake_.cancel();
}

Awaitable<void> Maintenance::Run() {
  auto prune_at = Clock::now();
  while (!stopped_) {
    co_await Probe();
    if (Clock::now() >= prune_at && writable_.ok()) {
      prune_at = Clock::now() + kPruneEvery;
      co_await Prune();
    }
    if (stopped_) co_return;
    wake_.expires_after(kProbeEvery);
    boost::system::error_code ignored;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Awaitable<void> Maintenance::Probe() {
  auto probe = [store = store_] { return store->Probe(NowMs()); };
  auto pending = runtime::Blocking(agent_.blocking_executor(), std::move(probe));
  absl::Status status = co_await std::move(pending);
  if (status.code() != writable_.code()) {
    if (status.ok()) {
      log::Info("database can be written again", {});
    } else {
      log::Error("database cannot be written", {{"error", status.ToString()}});
    }
  }
  writable_ = std::move(status);
}

Awaitable<void> Maintenance::Prune() {
  const int64_t before_ms =
      NowMs() - std::chrono::duration_cast<std::chrono::milliseconds>(retention_).count();
  int removed = kPruneRowsMax;
  while (removed >= kPruneRowsMax && !stopped_) {
    auto prune = [store = store_, before_ms] { return store->Prune(before_ms, kPruneRowsMax); };
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
