#include "cli/agents.h"

#include <memory>

#include "absl/time/clock.h"
#include "cli/service_table.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

// Nobody knows how many will answer; `nats micro ls` waits as long.
constexpr std::chrono::milliseconds kCollectFor{500};

using Replies = std::shared_ptr<std::vector<std::string>>;

absl::StatusOr<bus::Subscription> AskAll(bus::Connection& connection, const std::string& subject,
                                         const Replies& replies) {
  const std::string inbox = connection.NewInbox();
  ASSIGN_OR_RETURN(bus::Subscription subscription,
                   connection.Subscribe(inbox, "", [replies](bus::Message message) {
                     replies->emplace_back(message.payload());
                   }));
  RETURN_IF_ERROR(connection.Publish(subject, {}, "", inbox));
  return subscription;
}

Awaitable<absl::Status> List(bus::Connection* connection, bool as_json, bool each,
                             Terminal* terminal) {
  const auto infos = std::make_shared<std::vector<std::string>>();
  const auto stats = std::make_shared<std::vector<std::string>>();
  absl::StatusOr<bus::Subscription> info = AskAll(*connection, "$SRV.INFO", infos);
  if (!info.ok()) co_return info.status();
  absl::StatusOr<bus::Subscription> stat = AskAll(*connection, "$SRV.STATS", stats);
  if (!stat.ok()) co_return stat.status();
  Timer timer(connection->io(), kCollectFor);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const std::vector<Instance> instances = JoinServices(*infos, *stats);
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  if (as_json) {
    terminal->out << ServicesJson(instances).dump(2) << "\n";
  } else if (instances.empty()) {
    co_return WithRemedy(absl::NotFoundError("no agent answers on this server"),
                         "start the mesh with make up");
  } else {
    terminal->out << (each ? FormatInstances(instances, now) : FormatServices(instances, now));
  }
  co_return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments, Terminal& terminal) {
  const bool as_json = arguments.Has("json");
  const bool each = arguments.Has("instances");
  return WithBus(arguments, [as_json, each, &terminal](bus::Connection& connection) {
    return List(&connection, as_json, each, &terminal);
  });
}

}  // namespace

Command AgentsCommand() {
  return {.name = "agents",
          .about = "Lists the agents that are running, with their load and latency.",
          .flags = {{"instances", "", "One row for each instance and verb."},
                    JsonFlag(),
                    NatsUrlFlag()},
          .run = Run};
}

}  // namespace switchboard::cli
