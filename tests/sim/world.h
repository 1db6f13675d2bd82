// One seeded life of a small mesh: two supervisors, two gateways and the agents; customers who ask
// and ask again; and what goes wrong meanwhile. Then calm weather, in which everything must be
// mended.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/ledger.h"
#include "tests/sim/programs.h"
#include "tests/sim/stream.h"

namespace switchboard::sim {

class Customer;

struct WorldOptions {
  uint64_t seed = 1;
  bool keep_diary = false;
  // For the tests that see the auditor notice.
  Sabotage sabotage;
  Clock::duration supervisor_overtime{0};
  Clock::duration gateway_overtime{0};
  bool gateway_forges = false;
  bool nobody_restarts = false;
  bool nobody_sweeps = false;
};

struct Report {
  uint64_t hash = 0;
  // Empty: every promise was kept.
  std::vector<std::string> broken;
  std::vector<std::string> diary;
  // What the life was made of.
  size_t attempts = 0;
  size_t answered = 0;
  size_t submitted = 0;
  size_t stored = 0;
  size_t dead = 0;
  size_t faults = 0;
};

class World {
 public:
  World(const WorldOptions& options, std::shared_ptr<const critic::Critic> critic);
  ~World();

  Report Live();

  // For customers.
  Simulation& simulation() { return simulation_; }
  Ledger& ledger() { return ledger_; }
  bool calm() const { return calm_; }
  // `ended` is called once, with the attempt as the ledger has it; when the gateway dies, that is
  // after the deadline and the attempt has not ended.
  using Ended = std::function<void(const Attempt&)>;
  void Ask(Attempt attempt, bool client_key, Ended ended);
  // As Ask, for a turn to be answered later.
  using Told = std::function<void(const Inquiry&)>;
  void Submit(Inquiry submission, bool client_key, Told ended);
  // Where an accepted turn stands; waits so long for its outcome. Sets the deadline.
  void Look(Inquiry look, std::chrono::milliseconds wait, Told ended);
  // `ended` gets the conversation's id; empty: it could not be created.
  void Create(const std::string& key, std::function<void(const std::string&)> ended);
  // Calm weather: reads the history and compares it with the stream.
  void Read(const std::string& conversation_id);
  // What a customer tells with each request. `client_key`: the key makes it safe to send again.
  static gateway::CallContext ContextOf(const std::string& key, bool client_key, Deadline deadline);

 private:
  void Populate(std::shared_ptr<const critic::Critic> critic);
  void ChooseWeather();
  void PlanFaults();
  void PlanNonsense();
  void Fault();
  void StopServer();
  void CalmDown();
  // Runs on until WORK is empty, or for as long as that may take.
  bool DrainWork();
  static bool IsIdle(Process& process);
  void CheckIdle();
  Process* AnyGateway();
  // What tells the customer, once: with the answer, or when its patience ends.
  template <typename Entry>
  std::function<void()> Teller(Entry* entry, std::function<void(const Entry&)> ended);
  // What the gateway calls with its answer.
  template <typename Entry, typename Value>
  std::function<void(absl::StatusOr<Value>)> Listener(Entry* entry, Process* gateway,
                                                      std::function<void()> tell);

  const WorldOptions options_;
  Simulation simulation_;
  Broker broker_;
  Manners manners_;
  critic_supervisor::WorkerOptions work_;
  Ledger ledger_;
  bool calm_ = false;
  bool over_ = false;
  size_t faults_ = 0;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Customer>> customers_;
};

template <typename Entry>
std::function<void()> World::Teller(Entry* entry, std::function<void(const Entry&)> ended) {
  auto told = std::make_shared<bool>(false);
  return [this, entry, told, ended = std::move(ended)] {
    if (*told) return;
    *told = true;
    const auto code = entry->ended ? entry->outcome.status().code() : absl::StatusCode::kUnknown;
    simulation_.Note(entry->turn_id, "hears", absl::StatusCodeToString(code));
    ended(*entry);
  };
}

template <typename Entry, typename Value>
std::function<void(absl::StatusOr<Value>)> World::Listener(Entry* entry, Process* gateway,
                                                           std::function<void()> tell) {
  return [this, entry, gateway, tell = std::move(tell)](absl::StatusOr<Value> outcome) {
    entry->ended = true;
    entry->ended_at = simulation_.now();
    entry->stopped_until = gateway->paused_until();
    entry->outcome = std::move(outcome);
    simulation_.After({}, tell);
  };
}

}  // namespace switchboard::sim
