#include "common/runtime/service_protocol.h"

#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/strings.h"

namespace switchboard::runtime {

using nlohmann::ordered_json;

ServiceProtocol::ServiceProtocol(bus::Connection& bus, const AgentInfo& info,
                                 std::string instance_id, const InFlight& in_flight,
                                 const std::vector<std::unique_ptr<Endpoint>>& endpoints)
    : bus_(bus),
      info_(info),
      instance_id_(std::move(instance_id)),
      in_flight_(in_flight),
      endpoints_(endpoints),
      started_(absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone())) {}

absl::Status ServiceProtocol::Start() {
  for (const std::string& tail :
       {std::string(), StrCat(".", info_.name), StrCat(".", info_.name, ".", instance_id_)}) {
    ASSIGN_OR_RETURN(
        bus::Subscription subscription,
        bus_.Subscribe("$SRV.*" + tail, "", [this](bus::Message message) { OnRequest(message); }));
    subscriptions_.push_back(std::move(subscription));
  }
  return absl::OkStatus();
}

void ServiceProtocol::OnRequest(const bus::Message& message) const {
  if (message.reply_subject().empty()) return;
  const std::vector<std::string_view> tokens = StrSplit(message.subject(), '.');
  const std::string answer = Answer(tokens[1]);
  if (!answer.empty()) (void)bus_.Publish(std::string(message.reply_subject()), {}, answer);
}

std::string ServiceProtocol::Answer(std::string_view verb) const {
  if (verb != "PING" && verb != "INFO" && verb != "STATS") return "";
  ordered_json answer = {{"type", StrCat("io.nats.micro.v1.", AsciiStrToLower(verb), "_response")},
                         {"name", info_.name},
                         {"id", instance_id_},
                         {"version", SWITCHBOARD_VERSION},
                         {"metadata", ordered_json::object({{"track", "stable"}})}};
  if (verb == "INFO") answer["description"] = info_.description;
  if (verb == "STATS") answer["started"] = started_;
  if (verb == "PING") return answer.dump();
  ordered_json endpoints = ordered_json::array();
  for (const auto& endpoint : endpoints_) {
    const Agent::Verb& described = endpoint->verb();
    ordered_json entry = {
        {"name", described.name}, {"subject", described.subject}, {"queue_group", info_.name}};
    if (verb == "INFO") {
      entry["metadata"] = {{"request", described.request->GetTypeName()},
                           {"reply", described.reply->GetTypeName()}};
    } else {
      const Endpoint::Stats& stats = endpoint->stats();
      entry["num_requests"] = stats.requests;
      entry["num_errors"] = stats.errors;
      entry["last_error"] = stats.last_error;
      entry["processing_time"] = stats.processing.count();
      entry["average_processing_time"] =
          stats.requests == 0 ? 0 : stats.processing.count() / static_cast<int64_t>(stats.requests);
      entry["data"] = {{"p50_ms", endpoint->RecentPercentileMs(0.5)},
                       {"p99_ms", endpoint->RecentPercentileMs(0.99)},
                       {"in_flight", in_flight_.count()}};
    }
    endpoints.push_back(std::move(entry));
  }
  answer["endpoints"] = std::move(endpoints);
  return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace switchboard::runtime
