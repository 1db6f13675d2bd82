#include "common/testing/nats_cluster.h"

#include <signal.h>

#include <stdexcept>

namespace switchboard::testing {
namespace {

constexpr char kConfiguration[] = "deploy/compose/cluster/nats.conf";

std::string Loopback(int port) { return "nats://127.0.0.1:" + std::to_string(port); }

}  // namespace

NatsCluster::NatsCluster() {
  for (int node = 0; node < kNodes; ++node) Start(node);
}

std::string NatsCluster::url(int node) const { return Loopback(nodes_[node].port); }

std::string NatsCluster::url() const { return url(0) + "," + url(1) + "," + url(2); }

void NatsCluster::Kill(int node) {
  process(node).Signal(SIGKILL);
  process(node).Wait(std::chrono::seconds(10));
}

void NatsCluster::Start(int number) {
  Node& node = nodes_[number];
  std::string routes;
  for (const Node& other : nodes_) {
    routes += (routes.empty() ? "" : ",") + Loopback(other.route_port);
  }
  const std::string base = folder_.path() + "/" + name(number);
  node.process = std::make_unique<Process>(
      std::vector<std::string>{"nats-server", "-c", kConfiguration, "-n", name(number), "-a",
                               "127.0.0.1", "-p", std::to_string(node.port), "-sd", base,
                               "--cluster", Loopback(node.route_port), "--routes", routes},
      std::map<std::string, std::string>{}, base + ".log");
  const auto ready = [&] {
    return node.process->Output().find("Server is ready") != std::string::npos;
  };
  if (!WaitUntil([&] { return !node.process->running() || ready(); }) || !ready()) {
    throw std::runtime_error("nats-server does not start: " + node.process->Output());
  }
}

}  // namespace switchboard::testing
