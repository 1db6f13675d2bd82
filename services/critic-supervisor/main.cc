// critic-supervisor: conducts every turn and lets nothing reach or leave a customer unreviewed.
#include "common/base/strings.h"
#include "common/runtime/agent.h"
#include "common/runtime/streams.h"
#include "services/critic-supervisor/supervisor.h"
#include "services/critic-supervisor/worker.h"

namespace switchboard::critic_supervisor {
namespace {

struct Config {
  critic::Files critic;
  TurnLimits limits;
  WorkerOptions work;
  std::chrono::milliseconds streams_timeout{30000};

  static Config Read(config::Reader& reader) {
    Config config;
    config.critic.policies = reader.String({"POLICIES", "The critic's policy file."},
                                           SWITCHBOARD_DATA_DIR "/policies.json");
    config.critic.message_model =
        reader.String({"MESSAGE_MODEL", "The critic's model of customers' messages."},
                      SWITCHBOARD_CRITIC_MESSAGE_MODEL);
    config.critic.passage_model =
        reader.String({"PASSAGE_MODEL", "The critic's model of retrieved and quoted text."},
                      SWITCHBOARD_CRITIC_PASSAGE_MODEL);
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
    ReadWork(reader, &config.work);
    return config;
  }

  static void ReadWork(config::Reader& reader, WorkerOptions* work) {
    work->in_flight_max = reader.Int(
        {"WORK_IN_FLIGHT", "Asynchronous turns in hand at once; the others wait in WORK."},
        work->in_flight_max, 1, 1000);
    work->turn_timeout =
        reader.Milliseconds({"WORK_TURN_TIMEOUT_MS",
                             "How long one delivery of an asynchronous turn may take, "
                             "milliseconds; then it is delivered again."},
                            30000, 100, kTurnTimeoutMsMax);
    work->backoff = reader.MillisecondsList(
        {"WORK_BACKOFF_MS",
         "Pauses between the deliveries of an asynchronous turn, milliseconds, separated by "
         "commas; one more delivery than pauses, then it goes to DEAD. The same for all replicas."},
        "1000,2000,4000,8000", 100, 600000, 9);
    work->sweep_interval = reader.Milliseconds(
        {"WORK_SWEEP_MS",
         "Time between two looks for asynchronous turns that were given up unnoticed, "
         "milliseconds."},
        30000, 100, 3600000);
  }
};

Awaitable<absl::Status> EnsureStreams(runtime::Agent& agent, std::chrono::milliseconds timeout) {
  return runtime::EnsureMeshStreams(agent.bus(), agent.stream_replicas(), Deadline::After(timeout),
                                    agent.work_messages_max());
}

// The asynchronous turns, beside those that come by request.
void TakeWork(runtime::Agent& agent, Supervisor* supervisor, const WorkerOptions& options) {
  auto worker = std::make_shared<Worker>(
      agent.bus(), agent.instance_id(),
      [supervisor](runtime::Context context, v1::TurnRequest request) {
        return supervisor->Submit(std::move(context), std::move(request), {});
      },
      options);
  agent.OnDrain([worker] { worker->Stop(); });
  agent.Spawn("turns", [worker] { return worker->RunTurns(); });
  agent.Spawn("exhausted", [worker] { return worker->RunExhausted(); });
  agent.Spawn("sweep", [worker] { return worker->RunSweep(); });
}

absl::Status SetUp(runtime::Agent& agent, const Config& config,
                   std::unique_ptr<Supervisor>& supervisor) {
  ASSIGN_OR_RETURN(critic::Critic critic, critic::Critic::Load(config.critic));
  auto shared = std::make_shared<const critic::Critic>(std::move(critic));
  supervisor = std::make_unique<Supervisor>(agent.bus(), std::move(shared), config.limits);
  supervisor->Register(agent);
  TakeWork(agent, supervisor.get(), config.work);
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
