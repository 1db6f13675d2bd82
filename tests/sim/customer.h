// Somebody with a few questions, one conversation, and little patience: sends the same message
// again when no answer comes, sometimes also when one came, or twice at once, or two messages at
// once.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/world.h"

namespace switchboard::sim {

class Customer {
 public:
  Customer(World& world, int number);

  void Begin();
  // Calm weather: two questions more, one of them asynchronous, and everything asked with a key
  // once again.
  void Conclude();
  // The end: looks at each turn that was accepted, and reads the history.
  void LookBack();

 private:
  struct Question {
    std::string turn_id;
    std::string text;
    bool client_key = true;
    // Accepted now, answered later.
    bool later = false;
  };
  enum class Opening { kCreated, kByKey, kByMessage };

  void Open(int tries);
  void Next();
  Question NewQuestion();
  void Try(const Question& question, int tries, bool then_next);
  void Tease(const Question& question);
  void Send(const Question& question, bool must_answer, World::Ended ended);
  void Submit(const Question& question, bool must_answer, World::Told ended);
  void TrySubmit(const Question& question, int tries, bool then_next);
  void WaitFor(const Question& question, int tries, bool then_next);
  Asked Say(const Question& question, bool must_answer);
  void GoOn();
  void After(std::chrono::microseconds most, std::function<void()> action);

  World& world_;
  Random& random_;
  const std::string name_;
  Opening opening_ = Opening::kCreated;
  int questions_left_ = 0;
  int asked_ = 0;
  std::string conversation_id_;
  std::vector<Question> answered_;
  // Keys it has used for two things.
  std::set<std::string> spoilt_;
  // Conversation and turn of what was accepted.
  std::vector<std::pair<std::string, std::string>> accepted_;
};

}  // namespace switchboard::sim
