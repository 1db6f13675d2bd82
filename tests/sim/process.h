// A simulated operating-system process: loop, connection and the program that runs on them. It can
// be killed between any two steps of its coroutines, stopped and continued, cut off, and started
// again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/sim/connection.h"
#include "tests/sim/loop.h"

namespace switchboard::sim {

// What a process runs. Destroyed after its coroutines.
class Program {
 public:
  // Handlers that have not ended.
  virtual int in_flight() const { return 0; }
  virtual ~Program() = default;
};

class Process : public Sleeper {
 public:
  using Start = std::function<std::unique_ptr<Program>(Process&)>;

  // `ended` is told of each death.
  Process(Broker& broker, std::string name, Start start, std::function<void(Process&)> ended);
  ~Process() override;

  void Run();
  // As SIGKILL: what it has sent and is still on the wire may or may not arrive.
  void Kill();
  // Kills it after so many more handlers of its loop.
  void KillAfterSteps(int steps) { steps_left_ = steps; }
  // As SIGSTOP and SIGCONT `duration` later: everything it should have done happens then.
  void Pause(Clock::duration duration);
  void Cut() {
    if (running()) connection_->Cut();
  }

  // Runs `action` on the process's loop; never, when the process is dead or dies first.
  void Post(std::function<void()> action);

  bool running() const { return loop_ != nullptr; }
  Program* program() const { return program_.get(); }
  SimulatedConnection& connection() { return *connection_; }
  Simulation& simulation() { return broker_.simulation(); }
  const std::string& name() const { return name_; }
  // The name with the number of its start: what tells two lives apart.
  const std::string& instance() const { return instance_; }
  Clock::time_point paused_until() const { return paused_until_; }
  bool has_timer() const { return running() && loop_->wake_at() != Clock::time_point::max(); }

  Clock::time_point wake_at() const override;
  void Wake() override;

 private:
  Broker& broker_;
  const std::string name_;
  const Start start_;
  const std::function<void(Process&)> ended_;
  std::string instance_;
  int starts_ = 0;
  int steps_left_ = -1;
  bool ready_ = false;
  Clock::time_point paused_until_{};
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<SimulatedConnection> connection_;
  std::unique_ptr<Program> program_;
};

}  // namespace switchboard::sim
