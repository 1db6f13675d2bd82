// Operations for tests of the adapters: answers are prepared, requests are kept.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/operations.h"

namespace switchboard::gateway {

class FakeOperations : public Operations {
 public:
  // How the next turns end.
  absl::Status turn_status;
  // Events before the end.
  int events = 0;
  // Before the first event, and before the end.
  std::chrono::milliseconds delay_before{0}, delay_after{0};

  std::atomic<int> turns_begun{0}, turns_ended{0}, turns_cancelled{0};
  CallContext last_context;
  std::string last_text;

  Awaitable<absl::StatusOr<v1::TurnReply>> RunTurn(CallContext context, std::string text,
                                                   std::string conversation_id,
                                                   EventSink on_event) {
    ++turns_begun;
    last_context = context;
    last_text = text;
    struct End {
      FakeOperations* self;
      bool whole = false;
      ~End() { whole ? ++self->turns_ended : ++self->turns_cancelled; }
    } end{this};
    co_await Pause(delay_before);
    for (int i = 0; on_event && i < events; ++i) {
      v1::TurnEvent event;
      event.mutable_sentence()->set_text("sentence " + std::to_string(i));
      event.mutable_sentence()->set_index(i);
      on_event(event);
    }
    co_await Pause(delay_after);
    end.whole = true;
    if (!turn_status.ok()) co_return turn_status;
    v1::TurnReply reply;
    reply.set_turn_id(context.request_id);
    reply.set_conversation_id(conversation_id);
    reply.set_reply("you said: " + text);
    co_return reply;
  }

  Awaitable<absl::StatusOr<v1::TurnReply>> SendMessage(CallContext context,
                                                       v1::SendMessageRequest request,
                                                       EventSink on_event) override {
    return RunTurn(std::move(context), request.text(), request.conversation_id(),
                   std::move(on_event));
  }
  Awaitable<absl::StatusOr<v1::TurnReply>> Invoke(CallContext context, v1::InvokeRequest request,
                                                  EventSink on_event) override {
    return RunTurn(std::move(context), request.text(), request.conversation_id(),
                   std::move(on_event));
  }
  Awaitable<absl::StatusOr<v1::ConversationView>> CreateConversation(
      CallContext, v1::CreateConversationRequest request) override {
    v1::ConversationView view;
    view.set_conversation_id("c-1");
    view.set_channel(request.channel());
    co_return view;
  }
  Awaitable<absl::StatusOr<v1::ConversationView>> GetConversation(
      CallContext, v1::GetConversationRequest request) override {
    if (request.conversation_id() != "c-1") co_return UnknownConversation();
    v1::ConversationView view;
    view.set_conversation_id("c-1");
    view.set_turn_count(request.page_size());
    co_return view;
  }
  Awaitable<absl::StatusOr<v1::TurnStatus>> SubmitTurn(CallContext context,
                                                       v1::InvokeRequest request) override {
    last_context = context;
    last_text = request.text();
    if (!turn_status.ok()) co_return turn_status;
    v1::TurnStatus status;
    status.set_conversation_id(request.conversation_id().empty() ? "c-1"
                                                                 : request.conversation_id());
    status.set_turn_id(context.request_id);
    status.set_id(status.conversation_id() + "." + status.turn_id());
    status.set_state(v1::TurnStatus::ACCEPTED);
    co_return status;
  }
  // What GetTurn says; NotFound while its id is empty.
  v1::TurnStatus stands;
  uint32_t last_wait_ms = 0;
  bool last_begun = false;
  Awaitable<absl::StatusOr<v1::TurnStatus>> GetTurn(CallContext, v1::GetTurnRequest request,
                                                    bool begun) override {
    last_wait_ms = request.wait_ms();
    last_begun = begun;
    if (request.id() == "throw") throw std::runtime_error("not for the caller's eyes");
    if (stands.id() != request.id()) co_return absl::NotFoundError("there is no such turn");
    co_return stands;
  }
  Awaitable<absl::StatusOr<ChatReply>> Chat(CallContext, ChatRequest request) override {
    ChatReply reply;
    reply.set_response(request.message());
    reply.set_session_id(request.session_id());
    co_return reply;
  }
  Awaitable<absl::StatusOr<v1::FeedbackReply>> SubmitFeedback(
      CallContext, v1::FeedbackRequest request) override {
    v1::FeedbackReply reply;
    reply.set_feedback_id(request.conversation_id() + "/" + std::to_string(request.rating()));
    co_return reply;
  }
  Awaitable<absl::StatusOr<std::string>> CallAgent(CallContext, std::string agent, std::string verb,
                                                   std::string json) override {
    co_return "{\"agent\":\"" + agent + "\",\"verb\":\"" + verb + "\",\"request\":" + json + "}";
  }
  Awaitable<absl::StatusOr<v1::SummaryReply>> AnalyticsSummary(CallContext,
                                                               v1::SummaryRequest) override {
    // An exception that should have ended in an adapter.
    throw std::runtime_error("not for the caller's eyes");
    co_return v1::SummaryReply();
  }
  std::vector<AgentState> Agents() const override {
    return {{"escalation", "decides", "0.1.0", {"assess"}, 2}, {"analytics", "", "", {}, 0}};
  }

 private:
  static Awaitable<void> Pause(std::chrono::milliseconds duration) {
    if (duration.count() == 0) co_return;
    const auto executor = co_await asio::this_coro::executor;
    Timer timer(executor, duration);
    co_await timer.async_wait(asio::use_awaitable);
  }
};

}  // namespace switchboard::gateway
