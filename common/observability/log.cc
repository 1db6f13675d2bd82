#include "common/observability/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/text/personal_data.h"

namespace switchboard::log {
namespace {

struct Process {
  std::string service = "switchboard";
  std::string instance_id;
  std::shared_ptr<spdlog::logger> logger;
};

// Never destroyed: threads of libraries may log while the process ends.
Process& ThisProcess() {
  static auto* process = [] {
    auto* created = new Process;
    created->logger =
        std::make_shared<spdlog::logger>("json", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->logger->set_pattern("%v");
    return created;
  }();
  return *process;
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// A text as it may stand in a log: an error's words may quote what a customer wrote.
template <typename T>
auto Shown(const T& value) {
  if constexpr (std::is_convertible_v<T, std::string_view>) {
    return text::Redact(value, /*ip_addresses=*/false).text;
  } else {
    return value;
  }
}

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};

}  // namespace

void Init(std::string_view service, std::string_view instance_id, std::string_view level) {
  Process& process = ThisProcess();
  process.service = service;
  process.instance_id = instance_id;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == level) process.logger->set_level(ToSpdlog(static_cast<Level>(i)));
  }
}

void Write(Level level, std::string_view message, Fields fields) {
  const Process& process = ThisProcess();
  if (!process.logger->should_log(ToSpdlog(level))) return;
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  line["level"] = kNames[static_cast<size_t>(level)];
  line["service"] = process.service;
  if (!process.instance_id.empty()) line["instance"] = process.instance_id;
  line["message"] = Shown(message);
  for (const auto& [key, value] : fields) {
    std::visit([&, &key = key](const auto& v) { line[std::string(key)] = Shown(v); }, value);
  }
  process.logger->log(ToSpdlog(level),
                      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace switchboard::log
