// The gateway's operations over the bus.
//
// A turn is one request to `mesh.turn.submit`. Its id makes it safe to send again: to another
// supervisor when the one who took it falls silent (runtime/caller.h); every 100 ms for up to a
// second while nobody listens; and when there is nobody, or no answer in time, the gateway stores
// an apology itself (last_resort.h). Turns beyond what the mesh takes without queueing are refused
// at once (runtime/limiter.h). Runs on the loop.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/bus/connection.h"
#include "common/conversation/work_queue.h"
#include "common/runtime/caller.h"
#include "common/runtime/limiter.h"
#include "gateway/agent_directory.h"
#include "gateway/operations.h"
#include "gateway/outcomes.h"
#include "gateway/webhook_url.h"

namespace switchboard::gateway {

class MeshOperations : public Operations {
 public:
  struct Options {
    std::string tenant = "default";
    // Turns in hand at once at most; more are refused with ResourceExhausted.
    int turns_in_flight_max = 1024;
    // A standing wait of turns, besides the work on them, above which fewer are taken.
    std::chrono::milliseconds turn_wait_target{250};
    // Callers that wait for the outcome of an asynchronous turn; more are refused with Unavailable.
    int waiting_max = 1024;
    // Where outcomes may be sent to.
    WebhookUrls webhook_urls;
  };

  MeshOperations(bus::Connection& connection, const AgentDirectory& directory, Options options);

  Awaitable<absl::StatusOr<v1::ConversationView>> CreateConversation(
      CallContext context, v1::CreateConversationRequest request) override;
  Awaitable<absl::StatusOr<v1::ConversationView>> GetConversation(
      CallContext context, v1::GetConversationRequest request) override;
  Awaitable<absl::StatusOr<v1::TurnReply>> SendMessage(CallContext context,
                                                       v1::SendMessageRequest request,
                                                       EventSink on_event) override;
  Awaitable<absl::StatusOr<v1::TurnReply>> Invoke(CallContext context, v1::InvokeRequest request,
                                                  EventSink on_event) override;
  Awaitable<absl::StatusOr<v1::TurnStatus>> SubmitTurn(CallContext context,
                                                       v1::InvokeRequest request) override;
  Awaitable<absl::StatusOr<v1::TurnStatus>> GetTurn(CallContext context, v1::GetTurnRequest request,
                                                    bool begun) override;
  Awaitable<absl::StatusOr<ChatReply>> Chat(CallContext context, ChatRequest request) override;
  Awaitable<absl::StatusOr<v1::FeedbackReply>> SubmitFeedback(CallContext context,
                                                              v1::FeedbackRequest request) override;
  Awaitable<absl::StatusOr<std::string>> CallAgent(CallContext context, std::string agent,
                                                   std::string verb, std::string json) override;
  Awaitable<absl::StatusOr<v1::SummaryReply>> AnalyticsSummary(CallContext context,
                                                               v1::SummaryRequest request) override;
  // Waits for the turns in hand, also those whose clients have left.
  Awaitable<void> Join(Deadline deadline);
  std::vector<AgentState> Agents() const override { return directory_.List(); }

  // The process is leaving: whoever waits for an outcome gets what is known.
  void EndWaiting() { outcomes_.Close(); }

 private:
  std::chrono::milliseconds ReadLimit() const;
  v1::TurnRequest NewTurn(const CallContext& context, const ConversationChoice& conversation,
                          std::string text, std::string language) const;
  class Seen;

  // Sends the turn of an asynchronous request to WORK.
  Awaitable<absl::StatusOr<v1::TurnStatus>> Accept(CallContext context, v1::TurnWork work);
  // Bounds what is in flight, then RunTurn.
  Awaitable<absl::StatusOr<v1::TurnReply>> Submit(CallContext context, v1::TurnRequest turn,
                                                  EventSink on_event);
  Awaitable<absl::StatusOr<v1::TurnReply>> Measured(CallContext context, v1::TurnRequest turn,
                                                    EventSink on_event);
  // Sends until somebody answers for good.
  Awaitable<absl::StatusOr<v1::TurnReply>> RunTurn(CallContext context, v1::TurnRequest turn,
                                                   EventSink on_event);
  Awaitable<absl::StatusOr<v1::TurnReply>> LastResort(runtime::Context context,
                                                      v1::TurnRequest turn,
                                                      std::shared_ptr<Seen> seen,
                                                      absl::Status cause);
  Awaitable<absl::StatusOr<v1::TurnReply>> Attempt(runtime::Context context, v1::TurnRequest turn,
                                                   std::shared_ptr<Seen> seen);
  // The state and a page of turns, if the principal may read them; NotFound otherwise.
  Awaitable<absl::StatusOr<v1::HistoryReply>> History(CallContext context,
                                                      v1::HistoryRequest request);
  Awaitable<absl::Status> CheckTurn(CallContext context, std::string conversation_id,
                                    std::string turn_id);
  absl::Status NobodyListens(const std::string& agent, const std::string& verb) const;

  bus::Connection& connection_;
  const AgentDirectory& directory_;
  const Options options_;
  runtime::Caller caller_;
  runtime::Limiter limiter_;
  // Shared with the turns in hand: some may be dropped with the loop, after this object.
  const std::shared_ptr<int> turns_in_flight_ = std::make_shared<int>(0);
  const std::shared_ptr<int> accepting_ = std::make_shared<int>(0);
  conversation::WorkQueue queue_;
  Outcomes outcomes_;
};

}  // namespace switchboard::gateway
