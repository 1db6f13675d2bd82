#include "cli/session.h"

#include <exception>
#include <memory>
#include <vector>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

// A person waits: long enough for a server across the world, short enough not to look stuck.
constexpr std::chrono::milliseconds kConnectWithin{3000};

absl::Status CannotReach(const std::string& url) {
  return WithRemedy(
      absl::UnavailableError(StrCat("cannot reach NATS at ", WithoutCredentials(url))),
      "is the mesh up? run make up, or name its server with --nats-url or NATS_URL");
}

struct Session {
  asio::io_context io;
  std::unique_ptr<bus::Connection> connection;
};

// Sessions that are over, until the process ends.
std::vector<std::unique_ptr<Session>>& Kept() {
  static auto* const kept = new std::vector<std::unique_ptr<Session>>;
  return *kept;
}

// What the bus says of a missing responder or bucket, in an operator's words.
absl::Status Explain(absl::Status status) {
  if (status.ok() || !RemedyOf(status).empty()) return status;
  if (absl::IsUnavailable(status)) {
    return WithRemedy(std::move(status), "is that agent running? see switchboard agents");
  }
  return status;
}

}  // namespace

Flag NatsUrlFlag() {
  return {"nats-url", "url", "NATS servers, comma separated.", "nats://127.0.0.1:4222", "NATS_URL"};
}

Flag GatewayUrlFlag() {
  return {"gateway-url", "url", "The gateway's HTTP address.", "http://127.0.0.1:8080",
          "GATEWAY_URL"};
}

Flag JsonFlag() { return {"json", "", "Print JSON for programs."}; }

std::string WithoutCredentials(std::string_view url) {
  std::vector<std::string> servers;
  for (std::string_view server : StrSplit(url, ',')) {
    const size_t scheme = server.find("://");
    const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
    const size_t at = server.rfind('@');
    servers.push_back(at == std::string_view::npos || at < begin
                          ? std::string(server)
                          : StrCat(server.substr(0, begin), server.substr(at + 1)));
  }
  return StrJoin(servers, ",");
}

absl::Status WithBus(const Arguments& arguments,
                     std::function<Awaitable<absl::Status>(bus::Connection&)> work) {
  auto session = std::make_unique<Session>();
  bus::Options options;
  options.url = arguments.Get("nats-url");
  options.name = "switchboard-cli";
  options.connect_timeout = kConnectWithin;
  const std::string url = options.url;
  auto connection = bus::Connection::Connect(session->io, std::move(options));
  if (!connection.ok()) return CannotReach(url);
  session->connection = *std::move(connection);
  absl::Status result = absl::InternalError("the command ended early");
  asio::co_spawn(session->io, work(*session->connection),
                 [&](std::exception_ptr error, absl::Status status) {
                   result = error ? absl::InternalError("the command failed") : std::move(status);
                   session->io.stop();
                 });
  session->io.run();
  // The process ends now. Closing would have nats.c wait half a second for a last answer that
  // nobody needs: all that a command writes has been acknowledged.
  Kept().push_back(std::move(session));
  return Explain(std::move(result));
}

}  // namespace switchboard::cli
