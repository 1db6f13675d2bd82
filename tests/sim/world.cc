#include "tests/sim/world.h"

#include <algorithm>

#include "common/base/strings.h"
#include "common/conversation/work_queue.h"
#include "common/runtime/streams.h"
#include "tests/sim/auditor.h"
#include "tests/sim/customer.h"
#include "tests/sim/jetstream.h"

namespace switchboard::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// How long things go wrong, and how long the mesh then has: the gateway forgets an agent after five
// seconds, and the longest deadline is ten.
constexpr seconds kStorm{15};
constexpr seconds kSettling{10};
constexpr seconds kCalm{14};
// An asynchronous turn may then be in its last pause, and need the sweep after it.
constexpr int kDrainSecondsMost = 40;
constexpr seconds kLookingBack{2};
// A look into the work queue may be under way when a life ends.
constexpr int kMomentsMost = 5;
constexpr milliseconds kMoment{100};
// The runtime looks for expired work ten times a second.
constexpr milliseconds kOvertimeMost{150};

constexpr char kPrincipal[] = "shop";

}  // namespace

gateway::CallContext World::ContextOf(const std::string& key, bool client_key, Deadline deadline) {
  gateway::CallContext context;
  context.request_id = key;
  if (client_key) context.idempotency_key = key;
  context.principal = kPrincipal;
  context.deadline = deadline;
  return context;
}

World::World(const WorldOptions& options, std::shared_ptr<const critic::Critic> critic)
    : options_(options),
      simulation_(options.seed, options.keep_diary),
      broker_(simulation_, Weather()) {
  broker_.jetstream().sabotage = options.sabotage;
  ChooseWeather();
  Populate(std::move(critic));
  const auto customers = static_cast<int>(1 + simulation_.random().Below(3));
  for (int i = 0; i < customers; ++i) {
    customers_.push_back(std::make_unique<Customer>(*this, i + 1));
  }
}

World::~World() { over_ = true; }

void World::ChooseWeather() {
  Random& random = simulation_.random();
  Weather& weather = broker_.weather();
  constexpr milliseconds kDelays[] = {milliseconds(1), milliseconds(5), milliseconds(40)};
  weather.delay_most = kDelays[random.Below(3)];
  weather.delay_rare = weather.delay_most * static_cast<int>(1 + random.Below(20));
  weather.loss = random.Chance(0.4) ? 0.02 : 0;
  weather.doubling = random.Chance(0.4) ? 0.1 : 0;
  weather.detection_most = random.Chance(0.5) ? milliseconds(1) : milliseconds(2000);
  JetStream& jetstream = broker_.jetstream();
  weather.replicated = random.Chance(0.3);
  jetstream.lag_most = milliseconds(weather.replicated ? 300 : 0);
  jetstream.store_time_most = random.Chance(0.2) ? milliseconds(200) : milliseconds(1);
  manners_.slow = random.Chance(0.5) ? 0.1 : 0;
  manners_.error = random.Chance(0.3) ? 0.1 : 0;
  manners_.mute = random.Chance(0.3) ? 0.1 : 0;
  manners_.improper = random.Chance(0.3) ? 0.3 : 0.02;
  constexpr double kDeadly[] = {0.3, 0.9};
  manners_.deadly = random.Chance(0.15) ? kDeadly[random.Below(2)] : 0;
  // Half of the lives are short of patience, so that turns also reach their last delivery.
  if (random.Chance(0.5)) {
    work_.backoff = {milliseconds(200), milliseconds(400), milliseconds(800), milliseconds(1600)};
  }
  work_.turn_timeout = random.Chance(0.5) ? seconds(2) : seconds(10);
  work_.sweep_interval = options_.nobody_sweeps ? seconds(3600) : seconds(5);
}

void World::Populate(std::shared_ptr<const critic::Critic> critic) {
  const HandlerEnded ended = [this](Process& process, const std::string& verb, Deadline deadline) {
    const auto by = std::max(deadline.at(), process.paused_until()) + kOvertimeMost;
    if (simulation_.now() <= by) return;
    ledger_.complaints.push_back(
        StrCat(process.instance(), " worked on ", verb, " after its deadline had passed"));
  };
  const Process::Start gateway = [](Process& process) -> std::unique_ptr<Program> {
    return std::make_unique<GatewayProgram>(process);
  };
  // Whatever dies is started again, as an orchestrator does.
  const auto restart = [this](Process& process) {
    if (over_ || options_.nobody_restarts) return;
    const auto after = simulation_.random().Between(milliseconds(20), seconds(2));
    simulation_.After(after, [&process] { process.Run(); });
  };
  const auto add = [&](std::string name, const Process::Start& start) {
    processes_.push_back(std::make_unique<Process>(broker_, std::move(name), start, restart));
  };
  const Process::Start supervisor =
      SupervisorProgram(std::move(critic), ended, options_.supervisor_overtime, &manners_, work_);
  for (const int replica : {1, 2}) {
    add(StrCat("gateway-", replica), gateway);
    add(StrCat("supervisor-", replica), supervisor);
  }
  for (const char* name :
       {"intent-classifier", "knowledge-retrieval", "escalation", "response-generator"}) {
    add(name, AgentProgram(name, &manners_, ended));
  }
}

Report World::Live() {
  for (const auto& process : processes_) process->Run();
  for (const auto& customer : customers_) customer->Begin();
  PlanFaults();
  if (simulation_.random().Chance(0.1)) PlanNonsense();
  bool in_time = simulation_.RunFor(kStorm);
  CalmDown();
  in_time = in_time && simulation_.RunFor(kSettling);
  for (const auto& customer : customers_) customer->Conclude();
  in_time = in_time && simulation_.RunFor(kCalm) && DrainWork();
  for (const auto& customer : customers_) customer->LookBack();
  in_time = in_time && simulation_.RunFor(kLookingBack);
  if (!in_time) ledger_.complaints.push_back("somebody goes round in circles");
  CheckIdle();
  over_ = true;

  Report report;
  const Stream* turns = broker_.jetstream().stream(runtime::kTurnsStream);
  const Stream* dead = broker_.jetstream().stream(runtime::kDeadStream);
  report.broken = Audit(ledger_, broker_.jetstream());
  report.hash = simulation_.hash();
  report.diary = simulation_.diary();
  report.attempts = ledger_.attempts.size();
  report.answered = static_cast<size_t>(
      std::count_if(ledger_.attempts.begin(), ledger_.attempts.end(),
                    [](const Attempt& attempt) { return attempt.ended && attempt.outcome.ok(); }));
  report.submitted = ledger_.submissions.size();
  report.dead = dead == nullptr ? 0 : dead->messages().size();
  report.stored = turns == nullptr ? 0 : turns->messages().size();
  report.faults = faults_;
  return report;
}

void World::PlanFaults() {
  for (uint64_t left = simulation_.random().Below(13); left > 0; --left) {
    simulation_.After(simulation_.random().Between(milliseconds(1), kStorm), [this] { Fault(); });
  }
}

// Something in the work queue that nobody can handle.
void World::PlanNonsense() {
  simulation_.After(simulation_.random().Between(milliseconds(1), kStorm), [this] {
    Process* gateway = AnyGateway();
    gateway->Post([gateway] {
      (void)gateway->connection().Publish(StrCat(conversation::kWorkTurnPrefix, kNonsense), {}, "");
    });
  });
}

void World::Fault() {
  if (calm_) return;
  ++faults_;
  Random& random = simulation_.random();
  // Where it hurts most: half of the faults hit a gateway or a supervisor.
  const size_t some = random.Chance(0.5) ? 4 : processes_.size();
  Process& process = *processes_[random.Below(some)];
  switch (random.Below(10)) {
    case 0:
    case 1:
      return process.Kill();
    case 2:
    case 3:
    case 4:
      return process.KillAfterSteps(static_cast<int>(1 + random.Below(40)));
    case 5:
    case 6:
      return process.Cut();
    case 7:
    case 8:
      return process.Pause(random.Between(milliseconds(10), seconds(6)));
    default:
      return StopServer();
  }
}

void World::StopServer() {
  if (broker_.down()) return;
  simulation_.Note("server", "stops", "");
  for (const auto& process : processes_) process->Cut();
  broker_.SetDown(true);
  const auto back = simulation_.random().Between(milliseconds(50), seconds(5));
  simulation_.After(back, [this] {
    simulation_.Note("server", "starts", "");
    broker_.SetDown(false);
  });
}

void World::CalmDown() {
  calm_ = true;
  simulation_.Note("weather", "is", "calm");
  const bool replicated = broker_.weather().replicated;
  broker_.weather() = Weather();
  broker_.weather().replicated = replicated;
  broker_.jetstream().lag_most = {};
  broker_.jetstream().store_time_most = milliseconds(1);
  manners_ = Manners();
  for (const auto& process : processes_) process->KillAfterSteps(-1);
}

bool World::DrainWork() {
  for (int i = 0; i < kDrainSecondsMost; ++i) {
    const Stream* work = broker_.jetstream().stream(runtime::kWorkStream);
    if (work == nullptr || work->messages().empty()) return true;
    if (!simulation_.RunFor(seconds(1))) return false;
  }
  return true;
}

bool World::IsIdle(Process& process) {
  return process.running() && process.program()->in_flight() == 0 &&
         process.connection().requests_waiting() == 0;
}

void World::CheckIdle() {
  const auto idle = [](const auto& process) { return IsIdle(*process); };
  for (int i = 0; i < kMomentsMost; ++i) {
    if (std::all_of(processes_.begin(), processes_.end(), idle)) return;
    simulation_.RunFor(kMoment);
  }
  for (const auto& process : processes_) {
    if (!process->running()) {
      ledger_.complaints.push_back(StrCat(process->name(), " does not run"));
    } else if (!IsIdle(*process)) {
      ledger_.complaints.push_back(
          StrCat(process->instance(), " still works at the end: ", process->program()->in_flight(),
                 " handlers, ", process->connection().requests_waiting(), " requests"));
    }
  }
}

Process* World::AnyGateway() { return processes_[simulation_.random().Below(2) * 2].get(); }

void World::Ask(Attempt attempt, bool client_key, Ended ended) {
  Process* gateway = AnyGateway();
  ledger_.attempts.push_back(std::move(attempt));
  Attempt* entry = &ledger_.attempts.back();
  simulation_.Note(entry->turn_id, "asks", gateway->name());
  const std::function<void()> tell = Teller(entry, std::move(ended));
  // A client's own patience is a little longer than what it tells the gateway.
  simulation_.After(entry->deadline.at() - simulation_.now() + seconds(7), tell);
  if (!gateway->running()) return;
  v1::InvokeRequest request;
  request.set_conversation_id(entry->conversation_id);
  request.set_text(entry->text);
  gateway->Post([this, gateway, entry, client_key, request, tell] {
    const auto listener = Listener<Attempt, v1::TurnReply>(entry, gateway, tell);
    const auto answered = [this, listener](absl::StatusOr<v1::TurnReply> reply) {
      if (options_.gateway_forges && reply.ok()) reply->set_reply("Yes.");
      listener(std::move(reply));
    };
    static_cast<GatewayProgram*>(gateway->program())
        ->Invoke(ContextOf(entry->turn_id, client_key,
                           Deadline(entry->deadline.at() + options_.gateway_overtime)),
                 request, answered);
  });
}

void World::Create(const std::string& key, std::function<void(const std::string&)> ended) {
  Process* gateway = AnyGateway();
  auto told = std::make_shared<bool>(false);
  const auto tell = [told, ended = std::move(ended)](const std::string& conversation_id) {
    if (*told) return;
    *told = true;
    ended(conversation_id);
  };
  const Deadline deadline = Deadline::After(seconds(3));
  simulation_.After(seconds(10), [tell] { tell(""); });
  if (!gateway->running()) return;
  gateway->Post([this, gateway, key, deadline, tell] {
    const auto opened = [this, tell](absl::StatusOr<v1::ConversationView> view) {
      std::string id = view.ok() ? view->conversation_id() : std::string();
      simulation_.After({}, [tell, id] { tell(id); });
    };
    static_cast<GatewayProgram*>(gateway->program())
        ->Create(ContextOf(key, true, deadline), opened);
  });
}

void World::Read(const std::string& conversation_id) {
  Process* gateway = AnyGateway();
  gateway->Post([this, gateway, conversation_id] {
    v1::GetConversationRequest request;
    request.set_conversation_id(conversation_id);
    const auto opened = [this, conversation_id](absl::StatusOr<v1::ConversationView> view) {
      if (!view.ok()) {
        ledger_.complaints.push_back(
            StrCat("the history of ", conversation_id, ": ", view.status().ToString()));
        return;
      }
      std::vector<std::string> told;
      for (const auto& turn : view->turns()) told.push_back(turn.turn_id());
      std::vector<std::string> stored;
      const Stream& turns = *broker_.jetstream().stream(runtime::kTurnsStream);
      for (const auto& [sequence, message] : turns.messages()) {
        v1::ConversationRecord record;
        if (message.packet->subject != runtime::kTurnCompletedPrefix + conversation_id ||
            !record.ParseFromString(message.packet->payload) || !record.has_turn()) {
          continue;
        }
        stored.push_back(record.turn().reply().turn_id());
      }
      if (told != stored) {
        ledger_.complaints.push_back(StrCat("the history of ", conversation_id, " tells ",
                                            StrJoin(told, ","), " but the stream has ",
                                            StrJoin(stored, ",")));
      }
    };
    static_cast<GatewayProgram*>(gateway->program())
        ->Read(ContextOf("reader", false, Deadline::After(seconds(10))), std::move(request),
               opened);
  });
}

}  // namespace switchboard::sim
