#include "gateway/gateway.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <nlohmann/json.hpp>

#include "common/observability/log.h"
#include "common/runtime/streams.h"

namespace switchboard::gateway {
namespace {

using nlohmann::ordered_json;

// Without this agent there is no answer at all; without another the answer is poorer.
constexpr char kRequiredAgent[] = "critic-supervisor";
// Beyond the turns' own deadlines: the last writes.
constexpr std::chrono::milliseconds kStopReserve{1000};
constexpr std::chrono::milliseconds kHealthInterval{500};

}  // namespace

Gateway::Gateway(runtime::Agent& agent, const Config& config)
    : agent_(agent),
      config_(config),
      directory_(agent.bus()),
      operations_(agent.bus(), directory_, config.operations),
      api_(&operations_, {.turn_timeout = config.turn_timeout, .version = SWITCHBOARD_VERSION},
           [this](bool* ready) { return Readiness(ready); }),
      http_(
          agent.io(), config.http,
          [this](HttpRequest request) { return api_.Handle(std::move(request)); },
          [](absl::Status error) { return HttpApi::Problem(error, trace::NewTrace().trace_id); }),
      grpc_(agent.io(), &operations_,
            {.address = config.http.address,
             .port = config.grpc_port,
             .turn_timeout = config.turn_timeout}),
      health_timer_(agent.io()) {}

absl::Status Gateway::Install() {
  if (config_.insecure) {
    log::Warning(
        "AUTH is off on an address that others reach: everybody may read every conversation",
        {{"address", config_.http.address}});
  }
  RETURN_IF_ERROR(directory_.Start());
  const auto self = shared_from_this();
  agent_.AddReadinessCheck(kRequiredAgent, [self]() -> absl::Status {
    if (self->directory_.Present(kRequiredAgent)) return absl::OkStatus();
    return absl::UnavailableError("missing");
  });
  agent_.OnStart([self] { return self->Start(); });
  agent_.OnDrain([self] { self->Leave(); });
  agent_.OnStop([self] { return self->Stop(); });
  agent_.Spawn(
      "health", [self] { return self->WatchHealth(); },
      [self] {
        self->stopping_ = true;
        self->health_timer_.cancel();
      });
  if (!config_.webhooks.urls.empty()) DeliverWebhooks();
  return absl::OkStatus();
}

void Gateway::DeliverWebhooks() {
  webhooks_ = std::make_unique<Webhooks>(agent_.bus(), agent_.instance_id(), config_.webhooks);
  const auto self = shared_from_this();
  agent_.OnDrain([self] { self->webhooks_->Stop(); });
  agent_.Spawn("webhooks", [self] { return self->webhooks_->Run(); });
}

Awaitable<absl::Status> Gateway::Start() {
  // Feedback goes to EVENTS; the gateway may be the first process of the mesh.
  absl::Status streams = co_await runtime::EnsureMeshStreams(
      agent_.bus(), agent_.stream_replicas(), Deadline::After(std::chrono::seconds(30)),
      agent_.work_messages_max());
  if (!streams.ok()) co_return streams;
  // No background task of the runtime: those are stopped first, and the turns in hand still ask who
  // is there.
  asio::co_spawn(agent_.io(), WatchAgents(shared_from_this()), asio::detached);
  absl::Status listening = http_.Listen();
  if (listening.ok()) listening = grpc_.Listen();
  if (!listening.ok()) co_return listening;
  log::Info("listening", {{"address", config_.http.address},
                          {"http_port", http_.port()},
                          {"grpc_port", grpc_.port()}});
  co_return absl::OkStatus();
}

// Tells gRPC's health service what /readyz tells.
Awaitable<void> Gateway::WatchHealth() {
  while (!stopping_) {
    bool ready = false;
    (void)Readiness(&ready);
    grpc_.SetServing(ready);
    health_timer_.expires_after(kHealthInterval);
    boost::system::error_code ignored;
    co_await health_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  grpc_.SetServing(false);
}

Awaitable<void> Gateway::WatchAgents(std::shared_ptr<Gateway> self) {
  co_await self->directory_.Run();
}

void Gateway::Leave() {
  grpc_.SetServing(false);
  http_.Leave();
  door_closes_ = Deadline::After(config_.drain_delay);
}

Awaitable<void> Gateway::Stop() {
  using boost::asio::experimental::awaitable_operators::operator&&;
  health_timer_.expires_at(door_closes_.at());
  boost::system::error_code ignored;
  co_await health_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  http_.Drain();
  operations_.EndWaiting();
  const Deadline deadline = Deadline::After(config_.turn_timeout + kStopReserve);
  // Blocks until the calls have ended; they end on this loop.
  GrpcServer* grpc = &grpc_;
  auto shut_down = [grpc, deadline] {
    grpc->Shutdown(deadline);
    return true;
  };
  auto grpc_ended = runtime::Blocking(agent_.blocking_executor(), std::move(shut_down));
  auto http_ended = http_.Join(deadline);
  auto both_ended = std::move(grpc_ended) && std::move(http_ended);
  co_await std::move(both_ended);
  co_await operations_.Join(deadline);
  directory_.Stop();
}

std::string Gateway::Readiness(bool* ready) {
  ordered_json listing = ordered_json::parse(agent_.ReadinessJson(ready), nullptr, false);
  if (!listing.is_object()) listing = ordered_json::object();
  bool whole = *ready;
  ordered_json agents = ordered_json::object();
  for (const std::string& name : ExpectedAgents()) {
    const bool present = directory_.Present(name);
    agents[name] = present ? "ok" : "missing";
    whole = whole && present;
  }
  listing["status"] = whole ? "ready" : *ready ? "degraded" : "not ready";
  listing["agents"] = std::move(agents);
  return listing.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace switchboard::gateway
