// Three real nats-servers that form one JetStream cluster, for a test: their own ports, their own
// stores, configured as deploy/compose/cluster configures them. Runs in the project's folder.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "common/testing/process.h"

namespace switchboard::testing {

class NatsCluster {
 public:
  static constexpr int kNodes = 3;

  // Starts all; they agree on a leader some seconds later. Throws when one does not start.
  NatsCluster();

  // All nodes, comma separated.
  std::string url() const;
  std::string url(int node) const;
  // As JetStream calls it.
  static std::string name(int node) { return "n" + std::to_string(node); }
  // kill -9; the store stays.
  void Kill(int node);
  void Start(int node);
  Process& process(int node) { return *nodes_[node].process; }

 private:
  struct Node {
    int port = FreePort();
    int route_port = FreePort();
    std::unique_ptr<Process> process;
  };
  TemporaryFolder folder_;
  std::array<Node, kNodes> nodes_;
};

}  // namespace switchboard::testing
