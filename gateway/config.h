// The gateway's own settings, beside those every process has (common/runtime).
#pragma once

#include "common/config/reader.h"
#include "gateway/http_server.h"
#include "gateway/mesh_operations.h"

namespace switchboard::gateway {

struct Config {
  HttpServerOptions http;
  int grpc_port = 9090;
  std::chrono::milliseconds turn_timeout{15000};
  std::chrono::milliseconds drain_delay{1000};
  MeshOperations::Options operations;
  bool insecure = false;  // reachable from elsewhere without authentication

  static Config Read(config::Reader& reader);
};

}  // namespace switchboard::gateway
