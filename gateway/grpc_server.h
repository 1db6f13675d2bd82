// gRPC in front of the operations. gRPC's threads only post to the loop; every call runs on the
// loop and finishes from there. Health service and reflection are on.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/asio.h"
#include "common/base/deadline.h"
#include "gateway/operations.h"

namespace switchboard::gateway {

struct GrpcServerOptions {
  std::string address = "127.0.0.1";
  // 0 picks a free one.
  int port = 9090;
  std::chrono::milliseconds turn_timeout{15000};
  // A message may hold so much, as a body over HTTP.
  int message_bytes_max = 1024 * 1024;
};

class GrpcServer {
 public:
  // `operations` outlives it.
  GrpcServer(asio::io_context& io, Operations* operations, GrpcServerOptions options);
  ~GrpcServer();

  // Unavailable, naming the address.
  absl::Status Listen();
  int port() const { return port_; }
  // What the health service answers, for the server ("") and for switchboard.v1.Switchboard.
  void SetServing(bool serving);
  // Refuses new calls and waits for those in hand, which are cancelled at `deadline`. Blocks, so
  // never on the loop; the loop must run meanwhile.
  void Shutdown(Deadline deadline);

 private:
  struct Impl;
  asio::io_context& io_;
  const GrpcServerOptions options_;
  std::unique_ptr<Impl> impl_;
  int port_ = 0;
};

}  // namespace switchboard::gateway
