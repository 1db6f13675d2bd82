#include "gateway/webhook_sender.h"

#include "common/base/strings.h"
#include "gateway/webhook_message.h"

namespace switchboard::gateway {
namespace {

int64_t UnixSeconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

bool IsSuccess(int status) { return status >= 200 && status <= 299; }

WebhookOutcome OutcomeOfStatus(int status) {
  if (IsSuccess(status)) return {};
  if (status == 410) return {WebhookOutcome::kHopeless, "the receiver answered 410: it is gone"};
  return {WebhookOutcome::kFailed, StrCat("the receiver answered ", status)};
}

}  // namespace

Awaitable<WebhookOutcome> WebhookSender::Deliver(v1::WebhookWork work) {
  const v1::TurnStatus::State state = work.outcome().state();
  if (state != v1::TurnStatus::ANSWERED && state != v1::TurnStatus::DEAD) {
    co_return WebhookOutcome{WebhookOutcome::kHopeless, "the work holds no outcome of a turn"};
  }
  if (absl::Status allowed = allowed_.Check(work.url()); !allowed.ok()) {
    co_return WebhookOutcome{WebhookOutcome::kFailed, std::string(allowed.message())};
  }
  http::Request request = WebhookRequest(work, key_, UnixSeconds());
  request.body_bytes_max = kAnswerBytesMax;
  // A receiver that has said 2xx has the webhook, however its answer goes on.
  bool accepted = false;
  request.on_chunk = [&accepted](const http::Response&, std::string_view) {
    accepted = true;
    return true;
  };
  const Deadline deadline = Deadline::After(timeout_);
  absl::StatusOr<http::Response> response = co_await client_.Send(std::move(request), deadline);
  if (accepted) co_return WebhookOutcome{};
  if (response.ok()) co_return OutcomeOfStatus(response->status);
  const bool hopeless = absl::IsInvalidArgument(response.status());
  co_return WebhookOutcome{hopeless ? WebhookOutcome::kHopeless : WebhookOutcome::kFailed,
                           response.status().ToString(absl::StatusToStringMode::kWithNoExtraData)};
}

}  // namespace switchboard::gateway
