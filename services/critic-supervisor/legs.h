// The supervisor's calls to the other agents, each with its time and outcome.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/runtime/caller.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::critic_supervisor {

// One call, as the answer's path and the stream's progress show it.
struct LegReport {
  std::string agent;
  std::string step;
  double duration_ms = 0;
  // ok, unavailable, timeout or error.
  std::string outcome;
};

using OnLeg = std::function<void(const LegReport&)>;

std::string OutcomeOf(const absl::Status& status);

// Asks `agent` for `verb` and reports. The status is the caller's to judge: legs are optional or
// required.
template <typename Reply, typename Request>
Awaitable<absl::StatusOr<Reply>> Leg(runtime::Caller& caller, std::string agent, std::string verb,
                                     runtime::Context context, Request request, OnLeg on_leg) {
  const auto started = Clock::now();
  std::string subject = runtime::AgentSubject(agent, verb);
  constexpr bool kHedge = true;  // a leg costs microseconds, and the turn waits for the slowest
  absl::StatusOr<Reply> reply = co_await caller.Call<Reply>(std::move(subject), std::move(context),
                                                            std::move(request), kHedge);
  const std::chrono::duration<double, std::milli> took = Clock::now() - started;
  on_leg({std::move(agent), std::move(verb), took.count(), OutcomeOf(reply.status())});
  co_return reply;
}

}  // namespace switchboard::critic_supervisor
