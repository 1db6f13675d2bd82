#include "common/runtime/alert.h"

#include "absl/time/clock.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "common/runtime/context.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::runtime {
namespace {

prometheus::Gauge& RaisedGauge(const Alert::Condition& condition) {
  return metrics::Gauge("switchboard_alert_raised", "1 while the alert of this kind is raised.",
                        {{"kind", condition.kind}, {"severity", condition.severity}});
}

}  // namespace

Alert::Alert(bus::Connection& bus, std::string agent, std::string instance_id, Condition condition)
    : bus_(bus),
      agent_(std::move(agent)),
      instance_id_(std::move(instance_id)),
      condition_(std::move(condition)) {
  RaisedGauge(condition_).Set(0);
}

Awaitable<void> Alert::Raise(std::string message) {
  if (!raised_) {
    raised_ = true;
    RaisedGauge(condition_).Set(1);
    log::Error("alert raised", {{"kind", condition_.kind},
                                {"severity", condition_.severity},
                                {"alert", std::string_view(message)}});
  }
  if (told_raised_) co_return;
  std::string subject = kAlertRaisedSubject;
  co_await Tell(std::move(subject), std::move(message));
}

Awaitable<void> Alert::Clear(std::string message) {
  if (raised_) {
    raised_ = false;
    RaisedGauge(condition_).Set(0);
    log::Info("alert cleared", {{"kind", condition_.kind}, {"alert", std::string_view(message)}});
  }
  // What nobody was told of need not be taken back.
  if (!told_raised_) co_return;
  std::string subject = kAlertClearedSubject;
  co_await Tell(std::move(subject), std::move(message));
}

Awaitable<void> Alert::Tell(std::string subject, std::string message) {
  v1::Alert event;
  event.set_agent(agent_);
  event.set_instance_id(instance_id_);
  event.set_kind(condition_.kind);
  event.set_severity(condition_.severity);
  event.set_message(std::move(message));
  const int64_t now_ms = absl::ToUnixMillis(absl::Now());
  event.mutable_at()->set_seconds(now_ms / 1000);
  event.mutable_at()->set_nanos(static_cast<int32_t>(now_ms % 1000) * 1'000'000);
  const bool raising = subject == kAlertRaisedSubject;
  bus::Headers headers = {{kHeaderType, event.GetTypeName()},
                          {kHeaderAgent, agent_},
                          {kHeaderSummary, StrCat(condition_.severity, " ", condition_.kind, " ",
                                                  raising ? "raised" : "cleared")}};
  bus::PublishOptions options;
  // The server may have stored it although its acknowledgement was lost.
  options.message_id = StrCat("alert-", instance_id_, "-", condition_.kind, "-", count_ + 1);
  std::string payload = event.SerializeAsString();
  absl::StatusOr<bus::PublishAck> stored = co_await bus::PublishToStream(
      bus_, std::move(subject), std::move(headers), std::move(payload), std::move(options),
      Deadline::After(kStoreWithin));
  if (!stored.ok()) {
    log::Warning("alert not stored, will be tried again",
                 {{"kind", condition_.kind}, {"error", stored.status().ToString()}});
    co_return;
  }
  ++count_;
  told_raised_ = raising;
}

}  // namespace switchboard::runtime
