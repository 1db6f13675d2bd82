// The gateway's own settings, beside those every process has (common/runtime).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/config/reader.h"
#include "gateway/http_server.h"
#include "gateway/mesh_operations.h"
#include "gateway/webhook_url.h"

namespace switchboard::gateway {

struct WebhookOptions {
  // What a caller may name as its webhook_url; empty: this gateway delivers none.
  WebhookUrls urls;
  // The bytes to sign with; not empty when `urls` is not.
  std::string key;
  std::string ca_file;
  int in_flight_max = 16;
  std::chrono::milliseconds timeout{10000};
  // Pauses between deliveries; one more delivery than pauses.
  std::vector<std::chrono::milliseconds> backoff;
};

struct Config {
  HttpServerOptions http;
  int grpc_port = 9090;
  std::chrono::milliseconds turn_timeout{15000};
  std::chrono::milliseconds drain_delay{1000};
  MeshOperations::Options operations;
  WebhookOptions webhooks;
  bool insecure = false;  // reachable from elsewhere without authentication

  static Config Read(config::Reader& reader);
};

}  // namespace switchboard::gateway
