// common/config and the gateway's settings: lines of KEY=value (the environment) and --flags (the
// command line) to values within their bounds, or to one line for each wrong key.
#include <vector>

#include "common/config/reader.h"
#include "gateway/config.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard {
namespace {

void ReadAll(config::Reader& reader) {
  const int number = reader.Int({"NUMBER", "A number."}, 5, -10, 1000);
  FUZZ_DEMAND(number >= -10 && number <= 1000);
  const double share = reader.Double({"SHARE", "A share."}, 0.5, 0, 1);
  FUZZ_DEMAND(share >= 0 && share <= 1);
  const auto pause = reader.Milliseconds({"PAUSE_MS", "A pause."}, 100, 1, 60000);
  FUZZ_DEMAND(pause.count() >= 1 && pause.count() <= 60000);
  const std::string level = reader.Choice({"LEVEL", "A level."}, "info", {"debug", "info"});
  FUZZ_DEMAND(level == "debug" || level == "info");
  (void)reader.Bool({"SWITCH", "A switch."}, true);
  (void)reader.String({"SECRET", "Never shown.", true}, "");
  const int secret = reader.Int({"SECRET_NUMBER", "Never shown.", true}, 7, 0, 9);
  FUZZ_DEMAND(secret >= 0 && secret <= 9);
  const auto gateway = gateway::Config::Read(reader);
  FUZZ_DEMAND(gateway.http.port >= 0 && gateway.http.port <= 65535);
  FUZZ_DEMAND(gateway.turn_timeout.count() >= 100);
  const absl::Status finished = reader.Finish();
  FUZZ_DEMAND(finished.ok() || !finished.message().empty());
  FUZZ_DEMAND(!reader.Help("gateway", "answers").empty() && !reader.Markdown().empty());
}

}  // namespace
}  // namespace switchboard

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = switchboard::fuzz::Text(data, size);
  std::vector<std::string> flags = {"gateway"};
  std::vector<std::string> settings;
  while (!text.empty()) {
    // As the system hands them over, each ends with its first zero byte.
    const std::string line = std::string(switchboard::fuzz::TakeLine(&text)).c_str();
    (line.starts_with("-") ? flags : settings).push_back(line);
  }
  std::vector<const char*> argv, environment;
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  for (const std::string& setting : settings) environment.push_back(setting.c_str());
  environment.push_back(nullptr);
  switchboard::config::Reader reader(static_cast<int>(argv.size()), argv.data(),
                                     environment.data());
  switchboard::ReadAll(reader);
  return 0;
}
