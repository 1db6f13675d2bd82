#include "cli/eval/suite.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "cli/eval/measurement.h"
#include "common/base/strings.h"

namespace switchboard::cli::eval {
namespace {

using nlohmann::json;

std::string Filled(std::string word, const std::string& data) {
  constexpr std::string_view kData = "{data}";
  for (size_t at = 0; (at = word.find(kData, at)) != std::string::npos; at += data.size()) {
    word.replace(at, kData.size(), data);
  }
  return word;
}

std::string TargetText(double target) {
  return absl::StrFormat("%s %.4g", target < 0 ? "≤" : "≥", std::abs(target));
}

bool IsMet(double target, double value) { return target < 0 ? value <= -target : value >= target; }

void AppendRow(const Row& row, std::string& page) {
  StrAppend(&page, "\n### ", row.title, "\n\n    switchboard eval ", StrJoin(row.words, " "),
            "\n\n");
  if (!row.missing.empty()) {
    StrAppend(&page, "Not measured: ", row.missing, "\n");
    return;
  }
  const json result = json::parse(row.result);
  StrAppend(&page, "| metric | value | 95 % interval | cases | target |\n|---|---|---|---|---|\n");
  for (const json& metric : result["metrics"]) {
    const std::string name = metric["name"];
    const double value = metric["value"];
    const Interval interval = {metric.value("low", 1.0), metric.value("high", 0.0)};
    const auto target = row.targets.find(name);
    const std::string wanted =
        target == row.targets.end()
            ? ""
            : StrCat(TargetText(target->second),
                     IsMet(target->second, value) ? ", met" : ", **missed**");
    StrAppend(&page, "| ", name, " | ", FormatValue(value), " | ", FormatInterval(interval), " | ",
              metric["count"].get<size_t>(), " | ", wanted, " |\n");
  }
  const auto latency_target = row.targets.find("latency_p50_us");
  const double p50 = result["latency_p50_us"];
  StrAppend(
      &page, "\n",
      absl::StrFormat("%d calls: %.0f µs median, %.0f µs p99; memory at most %.0f MiB.",
                      result["calls"].get<size_t>(), p50, result["latency_p99_us"].get<double>(),
                      result["memory_mib"].get<double>()));
  if (latency_target != row.targets.end()) {
    StrAppend(&page, " Target for the median: ", TargetText(latency_target->second), " µs",
              IsMet(latency_target->second, p50) ? ", met." : ", **missed**.");
  }
  page += "\n";
}

}  // namespace

absl::StatusOr<std::vector<Row>> ParseSuite(std::string_view text, const std::string& data) {
  const json suite = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!suite.is_object() || !suite.contains("rows") || !suite["rows"].is_array()) {
    return absl::InvalidArgumentError("the suite is not an object with rows");
  }
  std::vector<Row> rows;
  for (const json& one : suite["rows"]) {
    Row row;
    try {
      row.section = one.at("section").get<std::string>();
      row.title = one.at("title").get<std::string>();
      for (const json& word : one.at("eval")) {
        row.words.push_back(Filled(word.get<std::string>(), data));
      }
      if (one.contains("targets")) one["targets"].get_to(row.targets);
      if (one.contains("floors")) one["floors"].get_to(row.floors);
    } catch (const json::exception& error) {
      return absl::InvalidArgumentError(
          StrCat("row ", rows.size() + 1,
                 " of the suite needs "
                 "section, title, eval and perhaps targets and floors: ",
                 error.what()));
    }
    if (row.words.empty() || row.words[0] == "suite") {
      return absl::InvalidArgumentError(StrCat("row ", rows.size() + 1, " measures nothing"));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> BelowFloor(const std::vector<Row>& rows) {
  std::vector<std::string> below;
  for (const Row& row : rows) {
    if (row.floors.empty()) continue;
    if (!row.missing.empty()) {
      below.push_back(StrCat(row.title, ": not measured, ", row.missing));
      continue;
    }
    const json result = json::parse(row.result);
    std::map<std::string, double> values;
    for (const json& metric : result["metrics"]) values[metric["name"]] = metric["value"];
    for (const auto& [name, floor] : row.floors) {
      const auto value = values.find(name);
      if (value == values.end()) {
        below.push_back(StrCat(row.title, ": there is no ", name));
      } else if (!IsMet(floor, value->second)) {
        below.push_back(StrCat(row.title, ": ", name, " is ", FormatValue(value->second),
                               ", the floor is ", TargetText(floor)));
      }
    }
  }
  return below;
}

std::string Page(const std::vector<Row>& rows, const std::string& heading) {
  std::string page = heading;
  std::string section;
  for (const Row& row : rows) {
    if (row.section != section) StrAppend(&page, "\n## ", row.section, "\n");
    section = row.section;
    AppendRow(row, page);
  }
  return page;
}

}  // namespace switchboard::cli::eval
