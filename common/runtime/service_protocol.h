// Private to common/runtime: the NATS services protocol (ADR-32), by which `nats micro
// ls|info|stats` sees an agent. Debian's nats.c 3.4 has no micro module, so the runtime answers
// itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/runtime/endpoint.h"

namespace switchboard::runtime {

class ServiceProtocol {
 public:
  // `load` and `endpoints` are read whenever somebody asks.
  ServiceProtocol(bus::Connection& bus, const AgentInfo& info, std::string instance_id,
                  const InFlight& in_flight,
                  const std::vector<std::unique_ptr<Endpoint>>& endpoints);

  // Answers $SRV.{PING,INFO,STATS}[.<name>[.<id>]] from now on.
  absl::Status Start();

 private:
  void OnRequest(const bus::Message& message) const;
  std::string Answer(std::string_view verb) const;

  bus::Connection& bus_;
  const AgentInfo& info_;
  const std::string instance_id_;
  const InFlight& in_flight_;
  const std::vector<std::unique_ptr<Endpoint>>& endpoints_;
  const std::string started_;
  std::vector<bus::Subscription> subscriptions_;
};

}  // namespace switchboard::runtime
