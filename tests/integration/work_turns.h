// A supervisor's half of asynchronous turns without its agents, for tests: what `conduct` does is
// scripted, the commit is the real one.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/conversation/turn_store.h"
#include "services/critic-supervisor/worker.h"

namespace switchboard::testing {

struct Script {
  explicit Script(bus::Connection& connection) : bus(connection), store(connection, "test") {}
  bus::Connection& bus;
  conversation::TurnStore store;
  // How the next turns end; afterwards they are answered.
  std::deque<absl::Status> failures;
  // How the next turns end that are answered by then: stored, and nobody hears of it.
  std::deque<absl::Status> lost_words;
  // Each turn lasts so long before it ends.
  std::chrono::milliseconds lasts{0};
  std::vector<std::string> begun;
  std::vector<int> attempts;
  int in_hand = 0;
  int in_hand_max = 0;
};

inline Awaitable<absl::StatusOr<v1::TurnReply>> Play(std::shared_ptr<Script> script,
                                                     runtime::Context context,
                                                     v1::TurnRequest request) {
  script->begun.push_back(request.text());
  script->attempts.push_back(context.attempt);
  script->in_hand_max = std::max(script->in_hand_max, ++script->in_hand);
  if (script->lasts.count() > 0) {
    Timer timer(script->bus.io(), script->lasts);
    co_await timer.async_wait(asio::use_awaitable);
  }
  --script->in_hand;
  if (!script->failures.empty()) {
    absl::Status failure = script->failures.front();
    script->failures.pop_front();
    co_return failure;
  }
  absl::StatusOr<conversation::Beginning> beginning =
      co_await script->store.Begin(request, context.deadline);
  if (!beginning.ok()) co_return beginning.status();
  if (beginning->answered) co_return beginning->answered->reply();
  v1::TurnCompleted completed;
  completed.set_text(request.text());
  completed.mutable_reply()->set_turn_id(request.turn_id());
  completed.mutable_reply()->set_conversation_id(request.conversation_id());
  completed.mutable_reply()->set_reply("re: " + request.text());
  v1::Focus focus;
  std::string summary = "answered";
  absl::StatusOr<v1::TurnCompleted> stands = co_await script->store.Finish(
      std::move(context), std::move(request), std::move(beginning->before), std::move(completed),
      std::move(focus), std::move(summary));
  if (!stands.ok()) co_return stands.status();
  if (!script->lost_words.empty()) {
    absl::Status lost = script->lost_words.front();
    script->lost_words.pop_front();
    co_return lost;
  }
  co_return stands->reply();
}

inline critic_supervisor::Worker::Conduct ConductOf(std::shared_ptr<Script> script) {
  return [script](runtime::Context context, v1::TurnRequest request) {
    return Play(script, std::move(context), std::move(request));
  };
}

}  // namespace switchboard::testing
