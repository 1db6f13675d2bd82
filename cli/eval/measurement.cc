#include "cli/eval/measurement.h"

#include <sys/resource.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "cli/table.h"
#include "common/base/strings.h"

namespace switchboard::cli::eval {
namespace {

double Ratio(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

struct Counts {
  size_t true_positive = 0, false_positive = 0, false_negative = 0, negative = 0;

  void Add(const Verdict& verdict) {
    true_positive += verdict.truth && verdict.found;
    false_positive += !verdict.truth && verdict.found;
    false_negative += verdict.truth && !verdict.found;
    negative += !verdict.truth;
  }
  double F1() const {
    return Ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative);
  }
};

}  // namespace

Metric Share(std::string name, size_t hits, size_t all) {
  return {std::move(name), Ratio(hits, all), Wilson(hits, all), all};
}

std::vector<Metric> BinaryMetrics(const std::vector<Verdict>& verdicts) {
  Counts counts;
  for (const Verdict& verdict : verdicts) counts.Add(verdict);
  const size_t found = counts.true_positive + counts.false_positive;
  const size_t positive = counts.true_positive + counts.false_negative;
  std::vector<Metric> metrics;
  if (positive > 0) metrics.push_back(Share("recall", counts.true_positive, positive));
  if (positive > 0 && counts.negative > 0) {
    metrics.push_back(Share("precision", counts.true_positive, found));
    const Interval interval = Bootstrap(verdicts.size(), [&](const std::vector<size_t>& sample) {
      Counts drawn;
      for (const size_t index : sample) drawn.Add(verdicts[index]);
      return drawn.F1();
    });
    metrics.push_back({"F1", counts.F1(), interval, verdicts.size()});
  }
  if (counts.negative > 0) {
    metrics.push_back(Share("false alarms", counts.false_positive, counts.negative));
  }
  return metrics;
}

void Measurement::Add(std::vector<Metric> metrics) {
  for (Metric& metric : metrics) metrics_.push_back(std::move(metric));
}

double Measurement::ProcessorTimeUs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

nlohmann::json Measurement::Json() const {
  nlohmann::json json;
  json["metrics"] = nlohmann::json::array();
  for (const Metric& metric : metrics_) {
    nlohmann::json one = {{"name", metric.name}, {"value", metric.value}, {"count", metric.count}};
    if (metric.interval.low <= metric.interval.high) {
      one["low"] = metric.interval.low;
      one["high"] = metric.interval.high;
    }
    json["metrics"].push_back(std::move(one));
  }
  std::vector<double> latencies_us = latencies_us_;
  json["calls"] = latencies_us.size();
  json["latency_p50_us"] = Percentile(latencies_us, 0.5);
  json["latency_p99_us"] = Percentile(latencies_us, 0.99);
  json["memory_mib"] = PeakMemoryMib();
  return json;
}

void Measurement::Print(bool as_json, Terminal& terminal) const {
  const nlohmann::json json = Json();
  if (as_json) {
    terminal.out << json.dump() << "\n";
    return;
  }
  Table table({"metric", "value", "95 % interval", "cases"}, {Table::kLeft, Table::kRight});
  for (const Metric& metric : metrics_) {
    table.Add({metric.name, FormatValue(metric.value), FormatInterval(metric.interval),
               std::to_string(metric.count)});
  }
  terminal.out << table.Text()
               << absl::StrFormat("one call: %.0f µs median, %.0f µs p99; memory %.0f MiB\n",
                                  json["latency_p50_us"].get<double>(),
                                  json["latency_p99_us"].get<double>(),
                                  json["memory_mib"].get<double>());
  for (const std::string& note : notes_) terminal.out << PrintableLine(note) << "\n";
}

double PeakMemoryMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux counts in KiB
}

std::string FormatValue(double value) { return absl::StrFormat("%.3f", value); }

std::string FormatInterval(const Interval& interval) {
  if (interval.low > interval.high) return "";
  return absl::StrFormat("%.3f to %.3f", interval.low, interval.high);
}

}  // namespace switchboard::cli::eval
