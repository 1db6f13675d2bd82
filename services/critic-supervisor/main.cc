// critic-supervisor: conducts every turn and lets nothing reach or leave a customer unreviewed.
#include "common/runtime/agent.h"
#include "common/runtime/streams.h"
#include "services/critic-supervisor/supervisor.h"

namespace switchboard::critic_supervisor {
namespace {

struct Config {
  std::string policies;
  TurnLimits limits;
  std::chrono::milliseconds streams_timeout{30000};

  static Config Read(config::Reader& reader) {
    Config config;
    config.policies = reader.String({"POLICIES", "The critic's policy file."},
                                    SWITCHBOARD_DATA_DIR "/policies.json");
    config.limits.leg_timeout = reader.Milliseconds(
        {"LEG_TIMEOUT_MS",
         "How long classification, search and assessment may take, milliseconds; the turn "
         "goes on without those that are late."},
        2000, 10, 60000);
    config.limits.attempts_max = reader.Int(
        {"ATTEMPTS_MAX", "Answers asked of the generator before a person takes over."}, 3, 1, 10);
    config.limits.commit_reserve = reader.Milliseconds(
        {"COMMIT_RESERVE_MS", "Time of a turn's deadline kept back for storing it, milliseconds."},
        300, 10, 10000);
    return config;
  }
};

Awaitable<absl::Status> EnsureStreams(runtime::Agent& agent, std::chrono::milliseconds timeout) {
  return runtime::EnsureMeshStreams(agent.bus(), agent.stream_replicas(), Deadline::After(timeout));
}

absl::Status SetUp(runtime::Agent& agent, const Config& config,
                   std::unique_ptr<Supervisor>& supervisor) {
  ASSIGN_OR_RETURN(critic::Critic critic, critic::Critic::Load(config.policies));
  supervisor = std::make_unique<Supervisor>(agent.bus(), std::move(critic), config.limits);
  supervisor->Register(agent);
  agent.OnStart(
      [&agent, timeout = config.streams_timeout] { return EnsureStreams(agent, timeout); });
  return absl::OkStatus();
}

}  // namespace
}  // namespace switchboard::critic_supervisor

int main(int argc, char** argv) {
  namespace self = switchboard::critic_supervisor;
  std::unique_ptr<self::Supervisor> supervisor;
  return switchboard::runtime::Run<self::Config>(
      argc, argv,
      {.name = "critic-supervisor",
       .description = "Conducts every turn and reviews what reaches and leaves the customer."},
      [&supervisor](switchboard::runtime::Agent& agent, const self::Config& config) {
        return self::SetUp(agent, config, supervisor);
      });
}
