// The simulated world's clock, dice, agenda and diary.
//
// Everything that happens does so at a moment of the agenda or when a process's timer is due;
// between two of them the clock jumps. Nothing here knows real time, so a seed is a run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "tests/sim/random.h"

namespace switchboard::sim {

// What waits for the clock beside the agenda: a process.
class Sleeper {
 public:
  // time_point::max(): for nothing.
  virtual Clock::time_point wake_at() const = 0;
  virtual void Wake() = 0;
  virtual ~Sleeper() = default;
};

class Simulation {
 public:
  // `keep_diary` keeps every line as text; the hash is made either way.
  Simulation(uint64_t seed, bool keep_diary);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Random& random() { return random_; }
  Clock::time_point now() const { return now_; }
  // Since the beginning.
  std::chrono::microseconds elapsed() const;

  // In the order of time; of the same moment, in the order of the calls.
  void After(Clock::duration delay, std::function<void()> action);
  void Add(Sleeper& sleeper) { sleepers_.push_back(&sleeper); }
  void Remove(Sleeper& sleeper) { std::erase(sleepers_, &sleeper); }

  // Lets everything happen that does within `duration`. False when more than kStepsMax things did:
  // somebody is going round in circles.
  bool RunFor(Clock::duration duration);

  // Writes a line: `who` did `what` to `whom`. Must not hold anything that differs between two runs
  // of a seed (real time, random ids).
  void Note(std::string_view who, std::string_view what, std::string_view whom);
  uint64_t hash() const { return hash_; }
  const std::vector<std::string>& diary() const { return diary_; }

  // A hundred times what the longest scenario takes.
  static constexpr int kStepsMax = 2'000'000;

 private:
  struct Entry {
    Clock::time_point at;
    uint64_t number;
    std::function<void()> action;
  };
  static bool Later(const Entry& a, const Entry& b);
  bool Step(Clock::time_point end);

  Random random_;
  const bool keep_diary_;
  Clock::time_point now_;
  uint64_t last_number_ = 0;
  int steps_ = 0;
  std::vector<Entry> agenda_;  // a heap, soonest first
  std::vector<Sleeper*> sleepers_;
  uint64_t hash_ = 14695981039346656037u;
  std::vector<std::string> diary_;
};

}  // namespace switchboard::sim
