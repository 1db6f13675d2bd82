// One delivery of a webhook: checks the address, signs, posts, and says what becomes of it.
#pragma once

#include <chrono>
#include <string>

#include "common/http/client.h"
#include "gateway/webhook_url.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::gateway {

struct WebhookOutcome {
  enum Kind {
    kDelivered,
    // Worth another try: no answer, or one that is neither 2xx nor 410; also an address that this
    // gateway does not allow, as another replica may have the newer list.
    kFailed,
    // Never to be tried again: the receiver says that it is gone, or the work itself is broken.
    kHopeless,
  };
  Kind kind = kDelivered;
  // Why not; one line without personal data and without the address's query.
  std::string reason;
};

class WebhookSender {
 public:
  // Of what a receiver answers only the status counts; a body beyond this is not read.
  static constexpr size_t kAnswerBytesMax = 64 * 1024;

  // `client` is not owned. `key`: what WebhookKey gave. `timeout`: for one delivery.
  WebhookSender(http::Client& client, WebhookUrls allowed, std::string key,
                std::chrono::milliseconds timeout)
      : client_(client), allowed_(std::move(allowed)), key_(std::move(key)), timeout_(timeout) {}

  Awaitable<WebhookOutcome> Deliver(v1::WebhookWork work);

 private:
  http::Client& client_;
  const WebhookUrls allowed_;
  const std::string key_;
  const std::chrono::milliseconds timeout_;
};

}  // namespace switchboard::gateway
