#include "common/runtime/live_model.h"

#include <boost/asio/bind_cancellation_slot.hpp>

#include "common/base/strings.h"
#include "common/observability/log.h"

namespace switchboard::runtime {
namespace {

// A model of kModelBytesMax over a slow line.
constexpr std::chrono::seconds kLoadWithin{60};

prometheus::Counter& Rejected(const std::string& name) {
  return metrics::Counter("switchboard_model_rejected_total",
                          "Model versions that could not be taken up.", {{"model", name}});
}

}  // namespace

LiveModel::LiveModel(Agent& agent, std::string name, TakeUp take_up)
    : agent_(agent),
      name_(std::move(name)),
      take_up_(std::move(take_up)),
      store_(agent.bus()),
      bucket_(agent.bus(), kConfigBucket),
      wake_(agent.io(), Timer::time_point::max()) {
  Rejected(name_);
  Show("");
}

void LiveModel::Show(const std::string& id) {
  if (shown_ != nullptr) shown_->Set(0);
  shown_ = &metrics::Gauge("switchboard_model_info", "1 for the model version in use.",
                           {{"model", name_}, {"version", id.empty() ? "shipped" : id}});
  shown_->Set(1);
}

void LiveModel::Watch() {
  watching_ = true;
  asio::co_spawn(agent_.io(),
                 bucket_.Watch(
                     [this](const bus::KeyValueEntry& entry) {
                       absl::StatusOr<ModelVersion> version =
                           ModelStore::Parse(entry.value, entry.deleted, entry.revision);
                       if (version.ok()) {
                         wanted_ = *std::move(version);
                         wake_.cancel();
                       } else {
                         Rejected(name_).Increment();
                         log::Error("model not taken up",
                                    {{"model", name_}, {"error", version.status().ToString()}});
                       }
                     },
                     [this] {
                       caught_up_ = true;
                       wake_.cancel();
                     },
                     "model." + name_),
                 asio::bind_cancellation_slot(stop_watch_.slot(), [this](std::exception_ptr) {
                   watching_ = false;
                   wake_.cancel();
                 }));
}

Awaitable<absl::Status> LiveModel::Start() {
  const Deadline deadline = Deadline::After(kStartWithin);
  const absl::Status ensured = co_await store_.Ensure(agent_.stream_replicas(), deadline);
  if (!ensured.ok()) {
    log::Warning("the config bucket is not there yet; the shipped model serves",
                 {{"model", name_}, {"error", ensured.ToString()}});
  }
  Watch();
  boost::system::error_code ignored;
  while (!caught_up_ && !deadline.expired()) {
    wake_.expires_at(deadline.at());
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (wanted_.has_value()) {
    ModelVersion version = *std::exchange(wanted_, std::nullopt);
    co_await Follow(std::move(version), deadline);
  }
  co_return absl::OkStatus();
}

Awaitable<void> LiveModel::Run() {
  boost::system::error_code ignored;
  while (!stopped_ || watching_) {
    if (!stopped_ && wanted_.has_value()) {
      ModelVersion version = *std::exchange(wanted_, std::nullopt);
      co_await Follow(std::move(version), Deadline::After(kLoadWithin));
      continue;
    }
    wake_.expires_at(Timer::time_point::max());
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void LiveModel::Stop() {
  stopped_ = true;
  stop_watch_.emit(asio::cancellation_type::terminal);
  wake_.cancel();
}

Awaitable<void> LiveModel::Follow(ModelVersion version, Deadline deadline) {
  if (version.id == current_) co_return;
  std::optional<std::string> bytes;
  absl::Status status;
  if (!version.id.empty()) {
    absl::StatusOr<std::string> read = co_await store_.Get(version, deadline);
    status = read.status();
    if (read.ok()) bytes = *std::move(read);
  }
  if (status.ok()) status = co_await take_up_(std::move(bytes));
  if (!status.ok()) {
    Rejected(name_).Increment();
    log::Error("model not taken up; the one in use stays",
               {{"model", name_}, {"version", version.id}, {"error", status.ToString()}});
    co_return;
  }
  current_ = version.id;
  Show(current_);
  log::Info("model taken up",
            {{"model", name_}, {"version", current_.empty() ? "shipped" : current_}});
}

}  // namespace switchboard::runtime
