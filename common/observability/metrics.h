// Prometheus metrics of this process, exposed at /metrics.
//
// Names follow Prometheus' conventions: switchboard_<what>_<unit>[_total]. A metric object is
// looked up once, at start, and then costs an atomic operation.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>

#include <string>

namespace switchboard::metrics {

// The same name and labels give the same object. Owned by the process, never removed.
prometheus::Counter& Counter(const std::string& name, const std::string& help,
                             const prometheus::Labels& labels = {});
prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                         const prometheus::Labels& labels = {});
// Buckets of LatencyBuckets().
prometheus::Histogram& LatencySeconds(const std::string& name, const std::string& help,
                                      const prometheus::Labels& labels = {});

// Seconds, from 50 µs to 30 s in steps of about 2: the embedded agents sit at the low end, language
// models at the high one.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets();

// Text exposition format 0.0.4.
std::string Expose();

}  // namespace switchboard::metrics
