#include "common/learning/evaluation.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "common/learning/calibration.h"

namespace switchboard::learning {
namespace {

std::string Line(const std::string& name, const Share& share) {
  char line[128];
  std::snprintf(line, sizeof line, "%-26s %.3f  (%zu of %zu)\n", name.c_str(), share.value(),
                share.right, share.all);
  return line;
}

void Count(bool right, Share& share) {
  ++share.all;
  share.right += right;
}

}  // namespace

Evaluation Evaluate(const Model& model, const std::vector<Example>& examples) {
  using Clock = std::chrono::steady_clock;
  Evaluation result;
  Scratch scratch;
  std::vector<std::pair<double, bool>> decisions;
  std::vector<double> latencies_us;
  for (const Example& example : examples) {
    const Clock::time_point begin = Clock::now();
    const Prediction decision = model.Classify(example.text, scratch).front();
    latencies_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    const bool right = decision.label == example.label;
    Count(right, result.all);
    Count(right, example.label == kOutOfScope ? result.out_of_scope : result.in_scope);
    if (example.label != kOutOfScope) {
      Count(decision.label == kOutOfScope, result.false_out_of_scope);
    }
    Count(right, result.by_language[example.language]);
    Count(right, result.by_label[example.label]);
    decisions.emplace_back(decision.confidence, right);
  }
  result.calibration_error = CalibrationError(decisions);
  if (!latencies_us.empty()) {
    std::sort(latencies_us.begin(), latencies_us.end());
    result.latency_p50_us = latencies_us[latencies_us.size() / 2];
    result.latency_p99_us = latencies_us[latencies_us.size() * 99 / 100];
  }
  return result;
}

std::string Describe(const Evaluation& evaluation) {
  std::string text = Line("accuracy", evaluation.all);
  text += Line("in scope", evaluation.in_scope);
  text += Line("out of scope (recall)", evaluation.out_of_scope);
  text += Line("false out of scope", evaluation.false_out_of_scope);
  for (const auto& [language, share] : evaluation.by_language) text += Line("  " + language, share);
  if (evaluation.by_label.size() <= 30) {
    for (const auto& [label, share] : evaluation.by_label) text += Line("  " + label, share);
  }
  char line[128];
  std::snprintf(
      line, sizeof line,
      "calibration error          %.3f\nclassify                   %.1f µs median, %.1f µs "
      "p99\n",
      evaluation.calibration_error, evaluation.latency_p50_us, evaluation.latency_p99_us);
  return text + line;
}

}  // namespace switchboard::learning
