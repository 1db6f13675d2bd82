// One turn from the customer's message to the committed record. It reads like its sequence diagram:
//
//   load → (stored already? give it back) → screen → classify ‖ search ‖ assess → decide
//        → generate and review, at most 3 times → commit → reply
//
// With less time left than a step lately takes, the step is left out: first the three legs, then
// the generator, for a canned answer and a person. The commit always has its time.
//
// Lives in its coroutine; nothing of it outlasts the turn.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/conversation/turn_store.h"
#include "common/runtime/agent.h"
#include "services/critic-supervisor/critic/critic.h"
#include "services/critic-supervisor/foreign_text.h"
#include "services/critic-supervisor/legs.h"
#include "services/critic-supervisor/outcome.h"

namespace switchboard::critic_supervisor {

struct TurnLimits {
  // For each of the parallel legs; they are optional, so a slow one must leave time for the answer.
  std::chrono::milliseconds leg_timeout{2000};
  // Attempts at an answer that passes the critic.
  int attempts_max = 3;
  // Kept back from the generator for the commit and the way home.
  std::chrono::milliseconds commit_reserve{300};
};

class Turn {
 public:
  using Emitter = runtime::Emitter<v1::TurnEvent>;

  Turn(runtime::Caller& caller, const critic::Critic& critic, ForeignText& foreign_text,
       TurnLimits limits, runtime::Context context, v1::TurnRequest request, Emitter emitter);

  // NotFound: no such conversation. FailedPrecondition: it is closed. AlreadyExists: the turn id
  // was used for another request. Unavailable: the turn could not be stored; the same id may be
  // sent again.
  Awaitable<absl::StatusOr<v1::TurnReply>> Conduct();

 private:
  bool Screen();
  Awaitable<void> AnswerBlocked();
  Awaitable<void> Consult();
  Awaitable<void> Answer();
  Awaitable<absl::Status> Attempt(v1::GenerateRequest request);
  Awaitable<absl::StatusOr<v1::GenerateReply>> ReadSentences(v1::GenerateRequest request,
                                                             runtime::Context context);
  absl::Status TakeSentence(const bus::Message& part);
  void ForgetSentences(uint32_t attempt);
  bool Passes(const std::string& sentence);
  void Accept(const v1::GenerateReply& generated);
  void AnswerCanned(std::string_view key, std::string_view reason);
  void AnswerHuman();

  v1::GenerateRequest GenerateRequestFrom() const;
  std::string ImmediateWords() const;
  void CollectSources();
  Deadline AnswerDeadline() const;
  Deadline LegDeadline() const;
  bool TimeForLegs() const;
  bool TimeForAnswer() const;
  void SkipLegs();
  void Report(const LegReport& report);
  void EmitSentence(const std::string& text);

  runtime::Caller& caller_;
  const critic::Critic& critic_;
  ForeignText& foreign_text_;
  const TurnLimits limits_;
  const runtime::Context context_;
  const v1::TurnRequest request_;
  const Emitter emitter_;
  conversation::TurnStore store_;
  const std::chrono::milliseconds time_given_ = context_.deadline.Remaining();
  const Clock::time_point started_ = Clock::now();

  conversation::Stored before_;
  Findings findings_;
  v1::TurnCompleted completed_;
  v1::Focus focus_;
  v1::ReviewRequest review_;
  std::vector<std::string> objections_;
  uint32_t sentences_released_ = 0;
  Clock::duration reviewing_{0};
};

}  // namespace switchboard::critic_supervisor
