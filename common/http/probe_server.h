// The small HTTP server behind every process's /livez, /readyz and /metrics.
//
//   ProbeServer server(io, [](std::string_view path) { return ProbeReply{200, "text/plain",
//   "ok\n"}; }); RETURN_IF_ERROR(server.Listen("127.0.0.1", 8081));
//
// GET only; one answer a request, computed on the loop. At most kConnectionsMax connections, each
// with kIdleLimit to send its request.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/asio.h"

namespace switchboard::http {

struct ProbeReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class ProbeServer {
 public:
  using Handler = std::function<ProbeReply(std::string_view path)>;

  // A prober and a scraper or two; more is somebody lost.
  static constexpr int kConnectionsMax = 64;
  static constexpr std::chrono::seconds kIdleLimit{15};

  ProbeServer(asio::io_context& io, Handler handler);
  ~ProbeServer();

  // Port 0 picks a free one. Unavailable when the address cannot be bound.
  absl::Status Listen(const std::string& address, int port);
  int port() const { return port_; }
  // Closes the listener; connections end with their current answer.
  void Stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
  int port_ = 0;
};

// Asks a running process: the body of a 200, else the status. Blocks at most `timeout`.
absl::StatusOr<std::string> ProbeGet(const std::string& address, int port, const std::string& path,
                                     std::chrono::milliseconds timeout);

}  // namespace switchboard::http
