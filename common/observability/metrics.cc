#include "common/observability/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace switchboard::metrics {
namespace {

prometheus::Registry& Registry() {
  // Merge: asking again for a family of the same name and help returns it.
  static auto* registry = new prometheus::Registry(prometheus::Registry::InsertBehavior::Merge);
  return *registry;
}

}  // namespace

prometheus::Counter& Counter(const std::string& name, const std::string& help,
                             const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(Registry()).Add(labels);
}

prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                         const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(Registry()).Add(labels);
}

prometheus::Histogram& LatencySeconds(const std::string& name, const std::string& help,
                                      const prometheus::Labels& labels) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(Registry())
      .Add(labels, LatencyBuckets());
}

const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const auto* buckets = new prometheus::Histogram::BucketBoundaries{
      0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
      0.1,     0.2,    0.5,    1,      2,     5,     10,    20,   30};
  return *buckets;
}

std::string Expose() { return prometheus::TextSerializer().Serialize(Registry().Collect()); }

}  // namespace switchboard::metrics
