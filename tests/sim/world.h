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
};

struct Report {
  uint64_t hash = 0;
  // Empty: every promise was kept.
  std::vector<std::string> broken;
  std::vector<std::string> diary;
  // What the life was made of.
  size_t attempts = 0;
  size_t answered = 0;
  size_t stored = 0;
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
  // `ended` gets the conversation's id; empty: it could not be created.
  void Create(const std::string& key, std::function<void(const std::string&)> ended);
  // Calm weather: reads the history and compares it with the stream.
  void Read(const std::string& conversation_id);

 private:
  void Populate(std::shared_ptr<const critic::Critic> critic);
  void ChooseWeather();
  void PlanFaults();
  void Fault();
  void StopServer();
  void CalmDown();
  void CheckIdle();
  Process* AnyGateway();

  const WorldOptions options_;
  Simulation simulation_;
  Broker broker_;
  Manners manners_;
  Ledger ledger_;
  bool calm_ = false;
  bool over_ = false;
  size_t faults_ = 0;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Customer>> customers_;
};

}  // namespace switchboard::sim
