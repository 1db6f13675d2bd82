#include "gateway/config.h"

#include <boost/asio/ip/address.hpp>

#include "common/base/strings.h"
#include "gateway/webhook_message.h"

namespace switchboard::gateway {
namespace {

// Whoever reaches an open gateway may read every conversation: that is refused unless asked for.
void CheckExposure(config::Reader& reader, bool allow_insecure, Config* config) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(config->http.address, error);
  if (error) {
    reader.AddError("HTTP_ADDRESS", "must be an IP address, such as 127.0.0.1 or 0.0.0.0");
    return;
  }
  if (address.is_loopback()) return;
  config->insecure = true;
  if (allow_insecure) return;
  reader.AddError("HTTP_ADDRESS",
                  "is reachable from other machines while AUTH=off: anybody could read every "
                  "conversation. Use a loopback address behind a proxy that authenticates, or set "
                  "ALLOW_INSECURE=on if you know that only the right ones reach it");
}

void CheckWebhooks(config::Reader& reader, const std::string& urls, const std::string& secret,
                   WebhookOptions* options) {
  absl::StatusOr<WebhookUrls> parsed = WebhookUrls::Parse(urls);
  if (!parsed.ok()) {
    reader.AddError("WEBHOOK_URLS", ToStd(parsed.status().message()));
    return;
  }
  options->urls = *std::move(parsed);
  if (options->urls.empty()) return;
  absl::StatusOr<std::string> key = WebhookKey(secret);
  if (key.ok()) {
    options->key = *std::move(key);
  } else {
    reader.AddError("WEBHOOK_SECRET", ToStd(key.status().message()));
  }
}

WebhookOptions ReadWebhooks(config::Reader& reader) {
  WebhookOptions options;
  const std::string urls =
      reader.String({"WEBHOOK_URLS",
                     "Addresses that callers may have told of an asynchronous turn's outcome, and "
                     "all below them: http(s)://host[:port][/path], comma separated. Empty: none, "
                     "and this gateway delivers none."},
                    "");
  const std::string secret = reader.String(
      {"WEBHOOK_SECRET",
       "Signs webhooks (Standard Webhooks): whsec_ and base64 of at least 24 bytes, or at least 24 "
       "bytes as they are. Needed with WEBHOOK_URLS, the same on every gateway.",
       true},
      "");
  options.ca_file =
      reader.String({"WEBHOOK_CA_FILE",
                     "CA certificates that receivers' certificates are checked against; "
                     "empty: the system's."},
                    "");
  options.in_flight_max =
      reader.Int({"WEBHOOKS_IN_FLIGHT", "Webhooks that one gateway delivers at once."},
                 options.in_flight_max, 1, 1000);
  options.timeout = reader.Milliseconds(
      {"WEBHOOK_TIMEOUT_MS", "How long a receiver may take to answer, milliseconds."},
      static_cast<int>(options.timeout.count()), 100, 120000);
  options.backoff = reader.MillisecondsList(
      {"WEBHOOK_BACKOFF_MS",
       "Pauses between the deliveries of a webhook, milliseconds; one more delivery than pauses, "
       "then it goes to DEAD. The same on every gateway."},
      "1000,2000,4000,8000", 100, 86400000, 9);
  CheckWebhooks(reader, urls, secret, &options);
  return options;
}

}  // namespace

Config Config::Read(config::Reader& reader) {
  Config config;
  config.http.address = reader.String({"HTTP_ADDRESS", "IP address that HTTP and gRPC listen on."},
                                      config.http.address);
  config.http.port = reader.Int({"HTTP_PORT", "Port of the HTTP listener; 0 picks a free one."},
                                config.http.port, 0, 65535);
  config.grpc_port = reader.Int({"GRPC_PORT", "Port of the gRPC listener; 0 picks a free one."},
                                config.grpc_port, 0, 65535);
  (void)reader.Choice({"AUTH", "How callers are known. off: not at all."}, "off", {"off"});
  const bool allow_insecure = reader.Bool(
      {"ALLOW_INSECURE", "Listen on an address that others reach although AUTH=off."}, false);
  config.turn_timeout = reader.Milliseconds(
      {"TURN_TIMEOUT_MS",
       "Longest wait for a turn's answer, milliseconds; clients may ask for less."},
      15000, 100, 120000);
  config.drain_delay = reader.Milliseconds(
      {"DRAIN_DELAY_MS",
       "How long after SIGTERM the gateway still takes calls while /readyz says 503, milliseconds: "
       "longer than the balancer in front takes to notice."},
      1000, 0, 120000);
  config.operations.turns_in_flight_max = reader.Int(
      {"MAX_TURNS_IN_FLIGHT",
       "Turns in hand at once at most; more are refused with 429. While turns have to wait, the "
       "limit falls by itself."},
      1024, 1, 1000000);
  config.operations.turn_wait_target = reader.Milliseconds(
      {"TURN_WAIT_TARGET_MS",
       "How long turns may stand in queues, besides the work on them, before fewer are taken, "
       "milliseconds."},
      250, 1, 60000);
  config.operations.waiting_max = reader.Int(
      {"MAX_WAITING",
       "Callers that wait for the outcome of an asynchronous turn at once; more are refused with "
       "503."},
      1024, 1, 1000000);
  config.operations.tenant = reader.String(
      {"TENANT", "Company that all conversations of this gateway belong to."}, "default");
  config.http.connections_max =
      reader.Int({"MAX_CONNECTIONS", "HTTP connections open at once; more are refused with 503."},
                 10000, 1, 1000000);
  config.http.header_limit = reader.Milliseconds(
      {"HTTP_HEADER_TIMEOUT_MS", "How long a request's headers may take, milliseconds."}, 10000,
      100, 300000);
  config.http.body_limit = reader.Milliseconds(
      {"HTTP_BODY_TIMEOUT_MS", "How long a request's body may take, milliseconds."}, 30000, 100,
      300000);
  config.http.idle_limit = reader.Milliseconds({"HTTP_IDLE_TIMEOUT_MS",
                                                "How long a connection may rest between two "
                                                "requests, milliseconds; longer than the balancer "
                                                "in front keeps its side."},
                                               75000, 100, 3600000);
  config.http.events.keep_alive = reader.Milliseconds(
      {"SSE_KEEP_ALIVE_MS", "Silence after which an event stream gets a comment, milliseconds."},
      15000, 100, 300000);
  config.webhooks = ReadWebhooks(reader);
  config.operations.webhook_urls = config.webhooks.urls;
  CheckExposure(reader, allow_insecure, &config);
  return config;
}

}  // namespace switchboard::gateway
