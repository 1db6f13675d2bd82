// The one request model behind every protocol: what the gateway can do, in public messages.
//
// The adapters (http_api, grpc_service) translate and nothing else; MeshOperations does the work
// over the bus; a test gives the adapters a fake. Every function runs on the loop, checks its
// message by the contract's field rules, and ends by the context's deadline. Codes:
// InvalidArgument, NotFound, AlreadyExists, Aborted, FailedPrecondition, ResourceExhausted,
// Unavailable, DeadlineExceeded; the field at fault and the remedy ride on the status
// (common/base/fault.h). Cancelling the awaiting coroutine ends the wait, not the turn: the mesh
// finishes and stores what it began.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/asio.h"
#include "gateway/call_context.h"
#include "gateway/chat.pb.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::gateway {

// Called on the loop for each event of a turn, in order. Empty: the caller wants only the reply.
using EventSink = std::function<void(const v1::TurnEvent&)>;

// An agent as the gateway sees it.
struct AgentState {
  std::string name;
  std::string description;
  std::string version;
  std::vector<std::string> verbs;
  // Replicas heard in the last seconds; 0: missing.
  int instances = 0;
};

class Operations {
 public:
  virtual ~Operations() = default;

  virtual Awaitable<absl::StatusOr<v1::ConversationView>> CreateConversation(
      CallContext context, v1::CreateConversationRequest request) = 0;
  virtual Awaitable<absl::StatusOr<v1::ConversationView>> GetConversation(
      CallContext context, v1::GetConversationRequest request) = 0;
  virtual Awaitable<absl::StatusOr<v1::TurnReply>> SendMessage(CallContext context,
                                                               v1::SendMessageRequest request,
                                                               EventSink on_event) = 0;
  virtual Awaitable<absl::StatusOr<v1::TurnReply>> Invoke(CallContext context,
                                                          v1::InvokeRequest request,
                                                          EventSink on_event) = 0;
  // Returns once the turn is safely in the work queue, or with what became of it before.
  virtual Awaitable<absl::StatusOr<v1::TurnStatus>> SubmitTurn(CallContext context,
                                                               v1::InvokeRequest request) = 0;
  // Where a turn stands; waits up to wait_ms for its outcome. `begun`: the caller has seen it
  // begin, so that being nowhere means that it is still under way. Not bound by the context's
  // deadline.
  virtual Awaitable<absl::StatusOr<v1::TurnStatus>> GetTurn(CallContext context,
                                                            v1::GetTurnRequest request,
                                                            bool begun) = 0;
  virtual Awaitable<absl::StatusOr<ChatReply>> Chat(CallContext context, ChatRequest request) = 0;
  virtual Awaitable<absl::StatusOr<v1::FeedbackReply>> SubmitFeedback(
      CallContext context, v1::FeedbackRequest request) = 0;
  // `json`: the agent's request, an object. Returns the agent's reply as JSON text.
  virtual Awaitable<absl::StatusOr<std::string>> CallAgent(CallContext context, std::string agent,
                                                           std::string verb, std::string json) = 0;
  virtual Awaitable<absl::StatusOr<v1::SummaryReply>> AnalyticsSummary(
      CallContext context, v1::SummaryRequest request) = 0;
  // By name; the mesh's own six are listed even while they are missing.
  virtual std::vector<AgentState> Agents() const = 0;
};

}  // namespace switchboard::gateway
