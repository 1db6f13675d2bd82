// The verbs of critic-supervisor: conducting turns, reviewing by request, opening and reading
// conversations.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/runtime/agent.h"
#include "services/critic-supervisor/critic/critic.h"
#include "services/critic-supervisor/turn.h"

namespace switchboard::critic_supervisor {

class Supervisor {
 public:
  Supervisor(bus::Connection& bus, std::shared_ptr<const critic::Critic> critic, TurnLimits limits);

  // Lists the verbs with the runtime. `this` must outlive `agent`'s serving.
  void Register(runtime::Agent& agent);

  absl::StatusOr<v1::ReviewReply> Review(const runtime::Context& context,
                                         const v1::ReviewRequest& request) const;
  Awaitable<absl::StatusOr<v1::TurnReply>> Submit(runtime::Context context, v1::TurnRequest request,
                                                  runtime::Emitter<v1::TurnEvent> emitter);
  // Opening the same id again gives the conversation back; AlreadyExists if it is another
  // principal's.
  Awaitable<absl::StatusOr<v1::Conversation>> Open(runtime::Context context,
                                                   v1::OpenRequest request);
  Awaitable<absl::StatusOr<v1::HistoryReply>> History(runtime::Context context,
                                                      v1::HistoryRequest request);

 private:
  const std::shared_ptr<const critic::Critic> critic_;
  ForeignText foreign_text_;
  const TurnLimits limits_;
  runtime::Caller caller_;
  conversation::TurnStore store_;
};

}  // namespace switchboard::critic_supervisor
