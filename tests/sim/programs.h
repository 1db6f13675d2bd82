// What the simulated processes run: the real supervisor, the real gateway's operations, and agents
// that are made up.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/agent_directory.h"
#include "gateway/mesh_operations.h"
#include "services/critic-supervisor/critic/critic.h"
#include "services/critic-supervisor/worker.h"
#include "tests/sim/process.h"

namespace switchboard::sim {

// Told by an agent's host of each handler that ended: when it should have, and whose it was.
using HandlerEnded =
    std::function<void(Process& process, const std::string& verb, Deadline deadline)>;

// How an agent that is made up behaves, and what becomes of supervisors.
struct Manners {
  std::chrono::microseconds answer_most{30000};
  // Shares of the requests: answered after up to `slow_most`, with an error, never.
  double slow = 0;
  std::chrono::microseconds slow_most{3000000};
  double error = 0;
  double mute = 0;
  // Of the generator's answers, what the critic must reject.
  double improper = 0;
  // Of the deliveries of asynchronous turns, those that whoever takes them does not survive.
  double deadly = 0;
};

// critic-supervisor as its main.cc sets it up, on the real endpoints and with the real worker.
// `overtime`: how long its handlers sleep on behind their deadline; zero, but for the test that
// sees the auditor notice.
Process::Start SupervisorProgram(std::shared_ptr<const critic::Critic> critic, HandlerEnded ended,
                                 Clock::duration overtime, const Manners* manners,
                                 critic_supervisor::WorkerOptions work);

// intent-classifier, knowledge-retrieval, escalation or response-generator, by `name`. No two
// answers are the same. `manners` is read at each request.
Process::Start AgentProgram(std::string name, const Manners* manners, HandlerEnded ended);

// The gateway without its listeners.
class GatewayProgram : public Program {
 public:
  using Answered = std::function<void(absl::StatusOr<v1::TurnReply>)>;
  using Opened = std::function<void(absl::StatusOr<v1::ConversationView>)>;
  using Stands = std::function<void(absl::StatusOr<v1::TurnStatus>)>;

  explicit GatewayProgram(Process& process);
  int in_flight() const override { return in_flight_; }

  // Call on the process's loop. What is in hand when the process dies is never answered.
  void Invoke(gateway::CallContext context, v1::InvokeRequest request, Answered answered);
  void Submit(gateway::CallContext context, v1::InvokeRequest request, Stands stands);
  void LookUp(gateway::CallContext context, v1::GetTurnRequest request, Stands stands);
  void Create(gateway::CallContext context, Opened opened);
  void Read(gateway::CallContext context, v1::GetConversationRequest request, Opened opened);

 private:
  Awaitable<void> RunInvoke(gateway::CallContext context, v1::InvokeRequest request,
                            Answered answered);
  Awaitable<void> RunSubmit(gateway::CallContext context, v1::InvokeRequest request, Stands stands);
  Awaitable<void> RunLookUp(gateway::CallContext context, v1::GetTurnRequest request,
                            Stands stands);
  Awaitable<void> RunCreate(gateway::CallContext context, Opened opened);
  Awaitable<void> RunRead(gateway::CallContext context, v1::GetConversationRequest request,
                          Opened opened);

  asio::io_context& io_;
  gateway::AgentDirectory directory_;
  gateway::MeshOperations operations_;
  int in_flight_ = 0;
};

}  // namespace switchboard::sim
