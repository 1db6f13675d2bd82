#include "cli/service_table.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/table.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

using nlohmann::json;

template <typename T>
T Member(const json& object, const char* name, T otherwise) {
  const auto found = object.find(name);
  if (found == object.end()) return otherwise;
  if constexpr (std::is_same_v<T, std::string>) {
    return found->is_string() ? found->get<std::string>() : otherwise;
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    // Of a negative or a huge number no count can be made.
    return found->is_number_unsigned() ? found->get<T>() : otherwise;
  } else {
    return found->is_number() ? found->get<T>() : otherwise;
  }
}

VerbStats ReadVerb(const json& endpoint, uint64_t& in_flight) {
  VerbStats verb;
  verb.name = Member<std::string>(endpoint, "name", "");
  verb.subject = Member<std::string>(endpoint, "subject", "");
  verb.requests = Member<uint64_t>(endpoint, "num_requests", 0);
  verb.errors = Member<uint64_t>(endpoint, "num_errors", 0);
  verb.average_ms = Member<double>(endpoint, "average_processing_time", 0) / 1e6;
  const auto data = endpoint.find("data");
  if (data != endpoint.end() && data->is_object()) {
    verb.p50_ms = Member<double>(*data, "p50_ms", 0);
    verb.p99_ms = Member<double>(*data, "p99_ms", 0);
    // Each endpoint repeats its process's number.
    in_flight = std::max(in_flight, Member<uint64_t>(*data, "in_flight", 0));
  }
  return verb;
}

// Merges one reply into the instance of its id.
void Read(const std::string& text, std::map<std::string, Instance>& by_id) {
  const json reply = json::parse(text, nullptr, false);
  if (!reply.is_object()) return;
  const auto id = Member<std::string>(reply, "id", "");
  const auto name = Member<std::string>(reply, "name", "");
  if (id.empty() || name.empty()) return;
  Instance& instance = by_id[id];
  instance.id = id;
  instance.agent = name;
  const auto keep = [&](const char* member, std::string& field) {
    const auto value = Member<std::string>(reply, member, "");
    if (!value.empty()) field = value;
  };
  keep("version", instance.version);
  keep("description", instance.description);
  keep("started", instance.started);
  const auto endpoints = reply.find("endpoints");
  const bool is_stats = Member<std::string>(reply, "type", "").find("stats") != std::string::npos;
  if (!is_stats || endpoints == reply.end() || !endpoints->is_array()) return;
  instance.verbs.clear();
  for (const json& endpoint : *endpoints) {
    if (endpoint.is_object()) instance.verbs.push_back(ReadVerb(endpoint, instance.in_flight));
  }
}

std::string Uptime(const std::string& started, int64_t now_seconds) {
  absl::Time time;
  std::string ignored;
  if (!absl::ParseTime(absl::RFC3339_full, started, &time, &ignored)) return "";
  return HumanMs(
      1000.0 * static_cast<double>(std::max<int64_t>(0, now_seconds - absl::ToUnixSeconds(time))));
}

struct Sum {
  int instances = 0;
  std::string version, started;
  uint64_t requests = 0, errors = 0, in_flight = 0;
  double busy_ms = 0, p50_ms = 0, p99_ms = 0;
};

Sum SumOf(const std::vector<const Instance*>& instances) {
  Sum sum;
  for (const Instance* instance : instances) {
    ++sum.instances;
    // Different versions are the news while a release rolls out.
    if (sum.version.empty()) sum.version = instance->version;
    if (sum.version.find(instance->version) == std::string::npos) {
      StrAppend(&sum.version, ", ", instance->version);
    }
    // The youngest: what has just restarted is what an operator looks for.
    sum.started = std::max(sum.started, instance->started);
    sum.in_flight += instance->in_flight;
    for (const VerbStats& verb : instance->verbs) {
      sum.requests += verb.requests;
      sum.errors += verb.errors;
      sum.busy_ms += verb.average_ms * static_cast<double>(verb.requests);
      sum.p50_ms = std::max(sum.p50_ms, verb.p50_ms);
      sum.p99_ms = std::max(sum.p99_ms, verb.p99_ms);
    }
  }
  return sum;
}

std::string Ms(double value) { return value > 0 ? HumanMs(value) : "-"; }

}  // namespace

std::vector<Instance> JoinServices(const std::vector<std::string>& infos,
                                   const std::vector<std::string>& stats) {
  std::map<std::string, Instance> by_id;
  for (const std::string& reply : infos) Read(reply, by_id);
  for (const std::string& reply : stats) Read(reply, by_id);
  std::vector<Instance> instances;
  for (auto& [id, instance] : by_id) instances.push_back(std::move(instance));
  std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) {
    return std::tie(a.agent, a.id) < std::tie(b.agent, b.id);
  });
  return instances;
}

std::string FormatServices(const std::vector<Instance>& instances, int64_t now_seconds) {
  std::map<std::string, std::vector<const Instance*>> agents;
  for (const Instance& instance : instances) agents[instance.agent].push_back(&instance);
  using enum Table::Side;
  Table table({"agent", "instances", "version", "requests", "errors", "average", "p50", "p99",
               "in flight", "up"},
              {kLeft, kRight, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight});
  for (const auto& [agent, members] : agents) {
    const Sum sum = SumOf(members);
    const double average = sum.requests == 0 ? 0 : sum.busy_ms / static_cast<double>(sum.requests);
    table.Add({agent, StrCat(sum.instances), sum.version,
               HumanCount(static_cast<double>(sum.requests)),
               HumanCount(static_cast<double>(sum.errors)), Ms(average), Ms(sum.p50_ms),
               Ms(sum.p99_ms), StrCat(sum.in_flight), Uptime(sum.started, now_seconds)});
  }
  return table.Text();
}

std::string FormatInstances(const std::vector<Instance>& instances, int64_t now_seconds) {
  using enum Table::Side;
  Table table({"agent", "instance", "verb", "requests", "errors", "average", "p50", "p99", "up"},
              {kLeft, kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight});
  for (const Instance& instance : instances) {
    for (const VerbStats& verb : instance.verbs) {
      table.Add({instance.agent, instance.id, verb.name,
                 HumanCount(static_cast<double>(verb.requests)),
                 HumanCount(static_cast<double>(verb.errors)), Ms(verb.average_ms), Ms(verb.p50_ms),
                 Ms(verb.p99_ms), Uptime(instance.started, now_seconds)});
    }
  }
  return table.Text();
}

nlohmann::ordered_json ServicesJson(const std::vector<Instance>& instances) {
  auto out = nlohmann::ordered_json::array();
  for (const Instance& instance : instances) {
    auto verbs = nlohmann::ordered_json::array();
    for (const VerbStats& verb : instance.verbs) {
      verbs.push_back({{"name", verb.name},
                       {"subject", verb.subject},
                       {"requests", verb.requests},
                       {"errors", verb.errors},
                       {"average_ms", verb.average_ms},
                       {"p50_ms", verb.p50_ms},
                       {"p99_ms", verb.p99_ms}});
    }
    out.push_back({{"agent", instance.agent},
                   {"id", instance.id},
                   {"version", instance.version},
                   {"description", instance.description},
                   {"started", instance.started},
                   {"in_flight", instance.in_flight},
                   {"verbs", std::move(verbs)}});
  }
  return out;
}

}  // namespace switchboard::cli
