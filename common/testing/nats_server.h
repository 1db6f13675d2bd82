// A real nats-server with JetStream for a test: its own port, its own store, gone at the end.
#pragma once

#include <memory>
#include <string>

#include "common/testing/process.h"

namespace switchboard::testing {

class NatsServer {
 public:
  // Starts and waits until it accepts connections. Throws when it does not.
  NatsServer();

  std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }
  // Ends the server (kill -9); the store stays.
  void Kill();
  // Starts it again on the same port and store.
  void Start();
  Process& process() { return *process_; }

 private:
  TemporaryFolder folder_;
  int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace switchboard::testing
