// What the turns and the other operations share: how a request goes to the bus, and for how long it
// is sent again while nobody answers.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "common/base/fault.h"
#include "common/runtime/caller.h"
#include "gateway/call_context.h"

namespace switchboard::gateway {

inline constexpr char kSender[] = "gateway";
// A supervisor that restarts is back within a second; longer waits are the client's to decide.
inline constexpr std::chrono::milliseconds kAwayLimit{1000};
inline constexpr std::chrono::milliseconds kAwayPause{100};
// What a client of an absent mesh should wait.
inline constexpr int kRetryAfterMs = 2000;

inline runtime::Context BusContext(const CallContext& context, std::string conversation_id) {
  runtime::Context out;
  out.deadline = context.deadline;
  out.turn_id = context.request_id;
  out.conversation_id = std::move(conversation_id);
  out.trace = context.trace;
  return out;
}

inline Awaitable<void> Pause(Deadline until) {
  const auto executor = co_await asio::this_coro::executor;
  Timer timer(executor, until.at());
  co_await timer.async_wait(asio::use_awaitable);
}

// NotFound about a conversation names the field that the caller knows.
inline absl::Status NameConversation(absl::Status error) {
  return absl::IsNotFound(error) && FieldOf(error).empty() ? UnknownConversation() : error;
}

// Sends an idempotent request again while nobody answers, up to kAwayLimit.
template <typename Reply, typename Request>
Awaitable<absl::StatusOr<Reply>> CallPatiently(runtime::Caller* caller, std::string subject,
                                               runtime::Context context, Request request) {
  const Deadline patience = context.deadline.Child(kAwayLimit);
  for (;;) {
    absl::StatusOr<Reply> reply = co_await caller->Call<Reply>(subject, context, request);
    if (reply.ok() || !absl::IsUnavailable(reply.status()) || patience.expired()) {
      if (absl::IsUnavailable(reply.status()) && RetryAfterMsOf(reply.status()) == 0) {
        co_return WithRetryAfterMs(reply.status(), kRetryAfterMs);
      }
      co_return reply;
    }
    co_await Pause(patience.Child(kAwayPause));
  }
}

}  // namespace switchboard::gateway
