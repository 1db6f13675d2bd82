#include "tests/sim/hosted_agent.h"

#include <boost/asio/cancellation_state.hpp>
#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "common/runtime/call.h"
#include "common/runtime/streams.h"
#include "services/critic-supervisor/supervisor.h"
#include "services/critic-supervisor/worker.h"

namespace switchboard::sim {
namespace {

// MAX_IN_FLIGHT's default.
constexpr int kInHandMax = 1024;
// Steps of a supervisor's loop, of which a turn and its acknowledgement take about as many.
constexpr uint64_t kStepsOfATurn = 30;

}  // namespace

HostedAgent::HostedAgent(Process& process, runtime::AgentInfo info, HandlerEnded ended,
                         Clock::duration overtime)
    : process_(process),
      info_(std::move(info)),
      ended_(std::move(ended)),
      overtime_(overtime),
      in_hand_(process.connection(), info_.name, process.instance(), kInHandMax) {}

void HostedAgent::AddVerb(Verb verb) {
  if (verb.subject.empty()) verb.subject = runtime::AgentSubject(info_.name, verb.name);
  if (verb.later) {
    auto handler = std::make_shared<const Later>(std::move(verb.later));
    verb.later = [this, handler, name = verb.name](
                     runtime::Context context, const google::protobuf::Message* request,
                     google::protobuf::Message* reply, Verb::SendChunk send) {
      return Watch(handler, name, std::move(context), request, reply, std::move(send));
    };
  }
  endpoints_.push_back(
      std::make_unique<runtime::Endpoint>(bus(), info_, instance_id(), in_hand_, std::move(verb)));
}

Awaitable<absl::Status> HostedAgent::Watch(std::shared_ptr<const Later> handler, std::string verb,
                                           runtime::Context context,
                                           const google::protobuf::Message* request,
                                           google::protobuf::Message* reply, Verb::SendChunk send) {
  const Deadline deadline = context.deadline;
  const Watcher watcher(this, std::move(verb), deadline);
  if (overtime_ > Clock::duration::zero()) {  // deaf to whoever wants to stop it
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    Timer timer(io());
    timer.expires_at(deadline.at() + overtime_);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return co_await (*handler)(std::move(context), request, reply, std::move(send));
}

void HostedAgent::Begin() { asio::co_spawn(io(), Start(), asio::detached); }

Awaitable<void> HostedAgent::Start() {
  absl::Status status;
  for (auto& hook : start_hooks_) {
    status = co_await hook();
    if (!status.ok()) break;
  }
  if (status.ok()) status = Listen();
  if (!status.ok()) {
    process_.KillAfterSteps(1);
    co_return;
  }
  for (auto& task : background_) asio::co_spawn(io(), task(), asio::detached);
}

// As the runtime does it: each verb for the group, and for callers that want this very replica.
absl::Status HostedAgent::Listen() {
  for (const auto& endpoint : endpoints_) {
    const std::string& subject = endpoint->verb().subject;
    RETURN_IF_ERROR(TakeIn(subject, info_.name, endpoint.get()));
    RETURN_IF_ERROR(TakeIn(StrCat(subject, ".", instance_id()), "", endpoint.get()));
  }
  RETURN_IF_ERROR(in_hand_.Start());
  if (info_.name != "critic-supervisor") return absl::OkStatus();  // gateways ask for nobody else
  ASSIGN_OR_RETURN(bus::Subscription introduction, Introduce(bus(), info_.name, instance_id()));
  subscriptions_.push_back(std::move(introduction));
  return absl::OkStatus();
}

absl::Status HostedAgent::TakeIn(const std::string& subject, const std::string& queue_group,
                                 runtime::Endpoint* endpoint) {
  ASSIGN_OR_RETURN(bus::Subscription subscription,
                   bus().Subscribe(subject, queue_group, [endpoint](bus::Message message) {
                     endpoint->OnMessage(std::move(message));
                   }));
  subscriptions_.push_back(std::move(subscription));
  return absl::OkStatus();
}

absl::StatusOr<bus::Subscription> Introduce(bus::Connection& bus, const std::string& name,
                                            const std::string& instance) {
  const nlohmann::json info = {
      {"name", name}, {"id", instance}, {"version", "0"}, {"endpoints", nlohmann::json::array()}};
  return bus.Subscribe("$SRV.INFO", "", [&bus, text = info.dump()](const bus::Message& message) {
    (void)bus.Publish(std::string(message.reply_subject()), {}, text);
  });
}

namespace {

// The service as its main.cc puts it together.
class SupervisorHost : public HostedAgent {
 public:
  SupervisorHost(Process& process, std::shared_ptr<const critic::Critic> critic, HandlerEnded ended,
                 Clock::duration overtime, const Manners* manners,
                 critic_supervisor::WorkerOptions work)
      : HostedAgent(process, {"critic-supervisor", ""}, std::move(ended), overtime),
        process_(process),
        manners_(manners),
        supervisor_(process.connection(), std::move(critic), {}),
        worker_(
            process.connection(), process.instance(),
            [this](runtime::Context context, v1::TurnRequest request) {
              return Conduct(std::move(context), std::move(request));
            },
            std::move(work)) {
    supervisor_.Register(*this);
    Spawn("turns", [this] { return worker_.RunTurns(); }, {});
    Spawn("exhausted", [this] { return worker_.RunExhausted(); }, {});
    Spawn("sweep", [this] { return worker_.RunSweep(); }, {});
    OnStart([this] {
      return runtime::EnsureMeshStreams(bus(), 1, Deadline::After(std::chrono::seconds(5)));
    });
    Begin();
  }

 private:
  Awaitable<absl::StatusOr<v1::TurnReply>> Conduct(runtime::Context context,
                                                   v1::TurnRequest request) {
    const Watcher watcher(this, "an asynchronous turn", context.deadline);
    Random& random = process_.simulation().random();
    if (random.Chance(manners_->deadly)) {
      process_.KillAfterSteps(static_cast<int>(1 + random.Below(kStepsOfATurn)));
    }
    runtime::Emitter<v1::TurnEvent> nobody;
    co_return co_await supervisor_.Submit(std::move(context), std::move(request),
                                          std::move(nobody));
  }

  Process& process_;
  const Manners* manners_;
  critic_supervisor::Supervisor supervisor_;
  critic_supervisor::Worker worker_;
};

}  // namespace

Process::Start SupervisorProgram(std::shared_ptr<const critic::Critic> critic, HandlerEnded ended,
                                 Clock::duration overtime, const Manners* manners,
                                 critic_supervisor::WorkerOptions work) {
  return [critic = std::move(critic), ended = std::move(ended), overtime, manners,
          work = std::move(work)](Process& process) -> std::unique_ptr<Program> {
    return std::make_unique<SupervisorHost>(process, critic, ended, overtime, manners, work);
  };
}

}  // namespace switchboard::sim
