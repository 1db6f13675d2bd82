// What one measurement of an agent gives: figures with their intervals, the time of a call, the
// memory of the process that held nothing else.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/eval/statistics.h"
#include "cli/terminal.h"

namespace switchboard::cli::eval {

struct Metric {
  std::string name;
  double value = 0;
  // What lies in 95 of 100; low > high: none was estimated.
  Interval interval = {1, 0};
  // Cases behind the value.
  size_t count = 0;
};

// hits of all, with Wilson's interval.
Metric Share(std::string name, size_t hits, size_t all);

// A case and whether it is and was called positive.
struct Verdict {
  bool truth = false;
  bool found = false;
};
// precision, recall, F1 (bootstrapped) and false alarms of all that are negative.
std::vector<Metric> BinaryMetrics(const std::vector<Verdict>& verdicts);

class Measurement {
 public:
  // Runs one call of an agent and keeps its processor time. The first call of all, which fills
  // caches, counts like any other.
  template <typename Call>
  auto Timed(const Call& call) {
    const double begin_us = ProcessorTimeUs();
    auto result = call();
    latencies_us_.push_back(ProcessorTimeUs() - begin_us);
    return result;
  }

  void Add(Metric metric) { metrics_.push_back(std::move(metric)); }
  void Add(std::vector<Metric> metrics);
  // A line for people below the table: a mistake, a remark.
  void Note(std::string line) { notes_.push_back(std::move(line)); }

  const std::vector<Metric>& metrics() const { return metrics_; }

  // Metrics, latency_p50_us, latency_p99_us, memory_mib; what `--json` prints.
  nlohmann::json Json() const;
  void Print(bool as_json, Terminal& terminal) const;

 private:
  static double ProcessorTimeUs();

  std::vector<Metric> metrics_;
  std::vector<std::string> notes_;
  std::vector<double> latencies_us_;
};

// Largest resident memory of this process so far, MiB.
double PeakMemoryMib();

// "0.913" and "0.893 to 0.928".
std::string FormatValue(double value);
std::string FormatInterval(const Interval& interval);

}  // namespace switchboard::cli::eval
