// Delivers webhooks: takes what is to be told from WORK (durable `webhooks`, any replica), posts
// it, and settles it.
//
// Delivered at least once, in the order of a turn's outcomes. What fails is delivered again after a
// growing pause; after the last delivery, or at once when the receiver says 410 Gone, the message
// goes whole to DEAD as mesh.dead.webhook.<conversation>.<turn> with its reason and history.
#pragma once

#include <memory>
#include <string>

#include "common/bus/work_consumer.h"
#include "common/conversation/work_history.h"
#include "common/http/client.h"
#include "gateway/config.h"
#include "gateway/webhook_sender.h"

namespace switchboard::gateway {

class Webhooks {
 public:
  Webhooks(bus::Connection& bus, std::string instance_id, const WebhookOptions& options);

  // Until Stop(), and until the deliveries in hand have ended: WebhookOptions::timeout and a write.
  Awaitable<void> Run();
  // Takes nothing further.
  void Stop();

 private:
  Awaitable<bus::Settlement> Handle(std::shared_ptr<const bus::Message> message);
  Awaitable<bus::Settlement> Failed(std::shared_ptr<const bus::Message> message,
                                    WebhookOutcome outcome);

  const std::string instance_id_;
  const uint64_t deliveries_max_;
  http::Client client_;
  WebhookSender sender_;
  conversation::WorkHistory history_;
  bus::WorkConsumer consumer_;
};

}  // namespace switchboard::gateway
