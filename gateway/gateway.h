// The gateway's parts in one object, wired to the runtime: directory, operations, HTTP and gRPC.
#pragma once

#include <memory>
#include <string>

#include "common/runtime/agent.h"
#include "gateway/agent_directory.h"
#include "gateway/config.h"
#include "gateway/grpc_server.h"
#include "gateway/http_api.h"
#include "gateway/http_server.h"
#include "gateway/mesh_operations.h"
#include "gateway/webhooks.h"

namespace switchboard::gateway {

// Owned by the hooks it registers, so it lives as long as the agent and ends before its loop.
class Gateway : public std::enable_shared_from_this<Gateway> {
 public:
  Gateway(runtime::Agent& agent, const Config& config);

  // Registers hooks, checks and tasks with the runtime; the listeners open with its OnStart.
  absl::Status Install();

 private:
  void DeliverWebhooks();
  Awaitable<absl::Status> Start();
  Awaitable<void> WatchHealth();
  static Awaitable<void> WatchAgents(std::shared_ptr<Gateway> self);
  // From SIGTERM: everything still works, but clients are told to go elsewhere.
  void Leave();
  Awaitable<void> Stop();
  // The runtime's listing with every agent's state beside it.
  std::string Readiness(bool* ready);

  runtime::Agent& agent_;
  const Config config_;
  AgentDirectory directory_;
  MeshOperations operations_;
  HttpApi api_;
  HttpServer http_;
  GrpcServer grpc_;
  // Null when no webhooks are allowed.
  std::unique_ptr<Webhooks> webhooks_;
  Timer health_timer_;
  Deadline door_closes_{Clock::time_point()};
  bool stopping_ = false;
};

}  // namespace switchboard::gateway
