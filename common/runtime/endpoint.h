// Private to common/runtime: one verb, from the message on its subject to the reply.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "common/observability/metrics.h"
#include "common/runtime/agent.h"
#include "common/runtime/in_flight.h"

namespace switchboard::runtime {

class Endpoint {
 public:
  struct Stats {
    uint64_t requests = 0;
    uint64_t errors = 0;
    std::string last_error;
    std::chrono::nanoseconds processing{0};
    // The last durations, a ring; percentiles are taken from it when somebody asks.
    std::array<float, 512> recent_ms{};
  };

  Endpoint(bus::Connection& bus, const AgentInfo& info, const std::string& instance_id,
           InFlight& in_flight, Agent::Verb verb);

  void OnMessage(bus::Message message);

  const Agent::Verb& verb() const { return verb_; }
  void Reserve() { verb_.reserved = true; }
  const Stats& stats() const { return stats_; }
  // Of the last 512 requests; 0 before the first. `share` 0.5 or 0.99.
  double RecentPercentileMs(double share) const;

 private:
  struct Invocation;

  absl::Status Decode(Invocation& invocation) const;
  Awaitable<void> RunLater(std::shared_ptr<Invocation> invocation);
  void Finish(const Invocation& invocation, const absl::Status& status);
  void SendReply(const Invocation& invocation);
  void SendChunk(const Invocation& invocation, const google::protobuf::Message& chunk);

  bus::Connection& bus_;
  const AgentInfo& info_;
  const std::string& instance_id_;
  InFlight& in_flight_;
  Agent::Verb verb_;
  Stats stats_;
  prometheus::Counter& requests_;
  prometheus::Counter& errors_;
  prometheus::Histogram& latency_;
};

// Answers `message` with an error in headers; nothing happens when nobody waits.
void SendError(bus::Connection& bus, const bus::Message& message, std::string_view agent,
               std::string_view instance_id, const absl::Status& status);

// The HTTP status that fits; also ADR-32's Nats-Service-Error-Code.
int HttpStatusOf(absl::StatusCode code);

}  // namespace switchboard::runtime
