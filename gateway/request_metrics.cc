#include "gateway/request_metrics.h"

#include "common/base/strings.h"

namespace switchboard::gateway {

void RequestMetrics::Record(std::string_view operation, const std::string& status,
                            Clock::duration elapsed) {
  const std::string name(operation);
  prometheus::Counter*& counter = counters_[StrCat(operation, " ", status)];
  if (counter == nullptr) {
    counter = &metrics::Counter("switchboard_gateway_requests_total", "Requests answered",
                                {{"operation", name}, {"protocol", protocol_}, {"status", status}});
  }
  counter->Increment();
  prometheus::Histogram*& latency = latencies_[name];
  if (latency == nullptr) {
    latency = &metrics::LatencySeconds("switchboard_gateway_request_seconds",
                                       "Time from a request's last byte to its answer",
                                       {{"operation", name}, {"protocol", protocol_}});
  }
  latency->Observe(std::chrono::duration<double>(elapsed).count());
}

}  // namespace switchboard::gateway
