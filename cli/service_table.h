// What agents say of themselves by the NATS services protocol (ADR-32), put together.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::cli {

struct VerbStats {
  std::string name;
  std::string subject;
  uint64_t requests = 0;
  uint64_t errors = 0;
  double average_ms = 0;
  // 0 when the agent does not say.
  double p50_ms = 0, p99_ms = 0;
};

struct Instance {
  std::string agent;
  std::string id;
  std::string version;
  std::string description;
  std::string started;
  uint64_t in_flight = 0;
  std::vector<VerbStats> verbs;
};

// Joins $SRV.INFO and $SRV.STATS replies by instance id; what is no such reply is passed over.
// Sorted by agent and id.
std::vector<Instance> JoinServices(const std::vector<std::string>& infos,
                                   const std::vector<std::string>& stats);

// One row an agent: sums over its instances, the mean weighted by requests, the worst percentiles.
// `now_seconds`: Unix time, for the uptime.
std::string FormatServices(const std::vector<Instance>& instances, int64_t now_seconds);
// One row an instance and verb.
std::string FormatInstances(const std::vector<Instance>& instances, int64_t now_seconds);
nlohmann::ordered_json ServicesJson(const std::vector<Instance>& instances);

}  // namespace switchboard::cli
