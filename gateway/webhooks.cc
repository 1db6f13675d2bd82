#include "gateway/webhooks.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/base/strings.h"
#include "common/conversation/state.h"
#include "common/conversation/work_queue.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "common/runtime/streams.h"
#include "common/runtime/validate.h"

namespace switchboard::gateway {
namespace {

using bus::Settlement;

prometheus::Counter& Deliveries(const std::string& outcome) {
  return metrics::Counter("switchboard_webhook_deliveries_total",
                          "Deliveries of webhooks by what came of them", {{"outcome", outcome}});
}

http::ClientOptions ClientOptionsOf(const WebhookOptions& options) {
  http::ClientOptions client;
  client.connections_max = options.in_flight_max;
  client.connections_per_host_max = options.in_flight_max;
  client.requests_max = options.in_flight_max;
  client.connect_timeout = std::min(client.connect_timeout, options.timeout);
  client.ca_file = options.ca_file;
  client.user_agent = "switchboard-webhooks";
  return client;
}

// A turn that died and was answered after all is told in this order.
std::string TurnOf(const bus::Message& message) { return std::string(message.subject()); }

absl::Status Decode(const bus::Message& message, v1::WebhookWork* work) {
  const auto name =
      conversation::TurnOfSubject(message.subject(), conversation::kWorkWebhookPrefix);
  if (!name) return absl::InvalidArgumentError("the subject names no turn");
  const std::string_view payload = message.payload();
  if (!work->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::InvalidArgumentError("the payload is no WebhookWork");
  }
  if (work->outcome().id() != name->Id()) {
    return absl::InvalidArgumentError("the payload is about another turn than the subject");
  }
  return runtime::Validate(*work);
}

}  // namespace

Webhooks::Webhooks(bus::Connection& bus, std::string instance_id, const WebhookOptions& options)
    : instance_id_(std::move(instance_id)),
      deliveries_max_(options.backoff.size() + 1),
      client_(bus.io(), ClientOptionsOf(options)),
      sender_(client_, options.urls, options.key, options.timeout),
      history_(bus, "gateway"),
      consumer_(bus,
                conversation::WorkConsumerConfig(conversation::kWebhooksConsumer,
                                                 conversation::kWorkWebhookPrefix, options.backoff),
                conversation::WorkConsumerOptions(options.in_flight_max, options.backoff), TurnOf,
                [this](std::shared_ptr<const bus::Message> message) {
                  return Handle(std::move(message));
                }) {}

Awaitable<void> Webhooks::Run() { return consumer_.Run(); }

void Webhooks::Stop() { consumer_.Stop(); }

Awaitable<Settlement> Webhooks::Handle(std::shared_ptr<const bus::Message> message) {
  v1::WebhookWork work;
  WebhookOutcome outcome;
  if (absl::Status readable = Decode(*message, &work); !readable.ok()) {
    outcome = {WebhookOutcome::kHopeless,
               readable.ToString(absl::StatusToStringMode::kWithNoExtraData)};
  } else {
    outcome = co_await sender_.Deliver(std::move(work));
  }
  if (outcome.kind != WebhookOutcome::kDelivered) {
    co_return co_await Failed(std::move(message), std::move(outcome));
  }
  static auto& delivered = Deliveries("delivered");
  delivered.Increment();
  co_return Settlement::kDone;
}

Awaitable<Settlement> Webhooks::Failed(std::shared_ptr<const bus::Message> message,
                                       WebhookOutcome outcome) {
  const uint64_t delivery = message->delivery_count();
  v1::TurnRetried attempt;
  if (const auto name =
          conversation::TurnOfSubject(message->subject(), conversation::kWorkWebhookPrefix)) {
    attempt.set_conversation_id(name->conversation_id);
    attempt.set_turn_id(name->turn_id);
  }
  attempt.set_delivery(static_cast<uint32_t>(delivery));
  attempt.set_reason(outcome.reason);
  attempt.set_instance_id(instance_id_);
  conversation::SetTimestamp(*attempt.mutable_at(), absl::ToUnixMillis(absl::Now()));
  if (outcome.kind == WebhookOutcome::kFailed && delivery < deliveries_max_) {
    static auto& failed = Deliveries("failed");
    failed.Increment();
    absl::Status remembered = co_await history_.Remember(message.get(), std::move(attempt));
    // Only the history is poorer without it.
    if (!remembered.ok()) {
      log::Warning("a failed delivery is not on record", {{"error", remembered.ToString()}});
    }
    co_return Settlement::kLater;
  }
  absl::Status buried =
      co_await history_.Bury(message.get(), std::move(outcome.reason), std::move(attempt));
  // Unsettled, the server gives it up after its last pause and says so; that is buried, too.
  if (!buried.ok()) {
    log::Warning("a webhook could not be put into DEAD", {{"error", buried.ToString()}});
    co_return Settlement::kLater;
  }
  static auto& dead = Deliveries("dead");
  dead.Increment();
  co_return Settlement::kNever;
}

}  // namespace switchboard::gateway
