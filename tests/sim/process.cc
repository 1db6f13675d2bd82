#include "tests/sim/process.h"

#include "common/base/strings.h"

namespace switchboard::sim {

Process::Process(Broker& broker, std::string name, Start start, std::function<void(Process&)> ended)
    : broker_(broker), name_(std::move(name)), start_(std::move(start)), ended_(std::move(ended)) {
  simulation().Add(*this);
}

Process::~Process() {
  Kill();
  simulation().Remove(*this);
}

void Process::Run() {
  if (running()) return;
  instance_ = StrCat(name_, "-", ++starts_);
  simulation().Note(instance_, "starts", "");
  loop_ = std::make_unique<Loop>();
  connection_ = std::make_unique<SimulatedConnection>(
      broker_, loop_->io(), instance_,
      [this](std::function<void()> action) { Post(std::move(action)); });
  program_ = start_(*this);
  ready_ = true;
}

void Process::Kill() {
  steps_left_ = -1;
  if (!running()) return;
  simulation().Note(instance_, "is killed", "");
  connection_->Die();
  // The coroutines end first: they refer to everything else.
  loop_->Abandon();
  program_.reset();
  connection_.reset();
  loop_.reset();
  paused_until_ = {};
  ended_(*this);
}

void Process::Pause(Clock::duration duration) {
  if (!running()) return;
  simulation().Note(instance_, "is stopped", "");
  paused_until_ = simulation().now() + duration;
}

void Process::Post(std::function<void()> action) {
  if (!running()) return;
  asio::post(loop_->io(), std::move(action));
  ready_ = true;
}

Clock::time_point Process::wake_at() const {
  if (!running()) return Clock::time_point::max();
  return std::max(paused_until_, ready_ ? Clock::time_point{} : loop_->wake_at());
}

void Process::Wake() {
  ready_ = false;
  const bool ended = !loop_->Run([this] { return steps_left_ > 0 && --steps_left_ == 0; });
  if (ended) Kill();
}

}  // namespace switchboard::sim
