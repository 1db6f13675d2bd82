// Counts and times what the adapters answer: by operation, protocol and status.
#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "common/base/clock.h"
#include "common/observability/metrics.h"

namespace switchboard::gateway {

class RequestMetrics {
 public:
  // "http" or "grpc".
  explicit RequestMetrics(std::string_view protocol) : protocol_(protocol) {}

  // `status`: as the protocol names it ("200", "OK").
  void Record(std::string_view operation, const std::string& status, Clock::duration elapsed);

 private:
  const std::string protocol_;
  absl::flat_hash_map<std::string, prometheus::Counter*> counters_;
  absl::flat_hash_map<std::string, prometheus::Histogram*> latencies_;
};

}  // namespace switchboard::gateway
