// greeter: the smallest agent, as the README shows it.
#include "common/runtime/agent.h"
#include "greeter.pb.h"

namespace greeter {
namespace runtime = switchboard::runtime;

struct Config {
  std::string salutation;

  static Config Read(switchboard::config::Reader& reader) {
    return {reader.String({"SALUTATION", "The word before the name."}, "Hello")};
  }
};

absl::Status SetUp(runtime::Agent& agent, const Config& config) {
  const std::string salutation = config.salutation;
  agent.Handle<GreetRequest, GreetReply>(
      "greet",
      [salutation](const runtime::Context&,
                   const GreetRequest& request) -> absl::StatusOr<GreetReply> {
        GreetReply reply;
        reply.set_greeting(salutation + ", " + request.name() + "!");
        return reply;
      },
      [](const GreetReply&) { return std::string("greeted"); });
  return absl::OkStatus();
}

}  // namespace greeter

int main(int argc, char** argv) {
  return switchboard::runtime::Run<greeter::Config>(
      argc, argv, {.name = "greeter", .description = "Greets by name."}, greeter::SetUp);
}
