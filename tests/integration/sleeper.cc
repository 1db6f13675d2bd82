// An agent for the tests of liveness: it takes as long as it is told, and knows how its work ended.
#include <google/protobuf/wrappers.pb.h>

#include "common/base/strings.h"
#include "common/runtime/agent.h"
#include "common/runtime/caller.h"

namespace sleeper {
namespace runtime = switchboard::runtime;
using google::protobuf::Int64Value;
using google::protobuf::StringValue;
using switchboard::Awaitable;

struct Config {
  static Config Read(switchboard::config::Reader&) { return {}; }
};

// Sleeps that were cut short.
int64_t stopped = 0;
int64_t begun = 0;

Awaitable<absl::StatusOr<StringValue>> Sleep(runtime::Context, Int64Value milliseconds) {
  struct Watch {
    bool whole = false;
    ~Watch() { stopped += whole ? 0 : 1; }
  } watch;
  ++begun;
  const auto executor = co_await switchboard::asio::this_coro::executor;
  switchboard::Timer timer(executor, std::chrono::milliseconds(milliseconds.value()));
  co_await timer.async_wait(switchboard::asio::use_awaitable);
  watch.whole = true;
  StringValue reply;
  reply.set_value("slept");
  co_return reply;
}

absl::Status SetUp(runtime::Agent& agent, const Config&) {
  const auto caller = std::make_shared<runtime::Caller>(agent.bus(), "sleeper");
  agent.HandleAsync<Int64Value, StringValue>("sleep", Sleep);
  // Asks another sleeper to sleep: a cancellation must pass through.
  agent.HandleAsync<Int64Value, StringValue>(
      "relay", [caller](runtime::Context context, Int64Value milliseconds) {
        return caller->Call<StringValue>(runtime::AgentSubject("sleeper", "sleep"),
                                         std::move(context), std::move(milliseconds));
      });
  agent.Handle<Int64Value, StringValue>("report", [](const runtime::Context&, const Int64Value&) {
    StringValue reply;
    reply.set_value(switchboard::StrCat(begun, " begun, ", stopped, " stopped"));
    return absl::StatusOr<StringValue>(reply);
  });
  agent.Reserve("report");
  return absl::OkStatus();
}

}  // namespace sleeper

int main(int argc, char** argv) {
  return switchboard::runtime::Run<sleeper::Config>(
      argc, argv, {.name = "sleeper", .description = "Sleeps as long as it is told."},
      sleeper::SetUp);
}
