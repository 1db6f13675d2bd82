#include "common/bus/nats_options.h"

#include <string>
#include <vector>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::bus {
namespace {

// A frozen or unplugged server closes nothing: after two pings without an answer, 4 to 6 s, it is
// left for another. Less than half of a turn's usual 15 s, so that a turn can still be sent again.
constexpr std::chrono::milliseconds kPingInterval{2000};
constexpr int kPingsOutMax = 2;

}  // namespace

absl::StatusOr<NatsOptionsPtr> ToNatsOptions(const Options& options) {
  natsOptions* created = nullptr;
  RETURN_IF_ERROR(FromNats(natsOptions_Create(&created), "options"));
  NatsOptionsPtr owned(created);

  std::vector<std::string> urls;
  for (const std::string_view url : StrSplit(options.url, ',')) urls.emplace_back(Trim(url));
  std::vector<const char*> servers;
  for (const std::string& url : urls) servers.push_back(url.c_str());
  const auto wait_ms = options.reconnect_wait.count();

  const std::pair<natsStatus, std::string_view> results[] = {
      {natsOptions_SetServers(created, servers.data(), static_cast<int>(servers.size())), "URL"},
      {natsOptions_SetName(created, options.name.c_str()), "name"},
      {natsOptions_SetMaxReconnect(created, -1), "reconnect"},
      {natsOptions_SetReconnectWait(created, wait_ms), "reconnect wait"},
      {natsOptions_SetReconnectJitter(created, wait_ms / 4, wait_ms / 4), "reconnect jitter"},
      // What cannot be sent now is the caller's to retry: nothing waits in a buffer for a server.
      {natsOptions_SetReconnectBufSize(created, 0), "reconnect buffer"},
      {natsOptions_SetPingInterval(created, kPingInterval.count()), "ping interval"},
      {natsOptions_SetMaxPingsOut(created, kPingsOutMax), "pings"},
      {natsOptions_SetTimeout(created, 2000), "timeout"},
      {natsOptions_SetSendAsap(created, true), "send"},
      {options.tls_ca_file.empty()
           ? NATS_OK
           : natsOptions_LoadCATrustedCertificates(created, options.tls_ca_file.c_str()),
       "CA file"},
  };
  for (const auto& [status, what] : results) {
    RETURN_IF_ERROR(FromNats(status, StrCat("NATS ", what)));
  }
  return owned;
}

absl::Status FromNats(natsStatus status, std::string_view doing) {
  const std::string text = StrCat(doing, ": ", natsStatus_GetText(status));
  switch (status) {
    case NATS_OK:
      return absl::OkStatus();
    case NATS_TIMEOUT:
      return absl::DeadlineExceededError(text);
    case NATS_INVALID_ARG:
    case NATS_INVALID_SUBJECT:
      return absl::InvalidArgumentError(text);
    case NATS_MAX_PAYLOAD:
      return absl::OutOfRangeError(text);
    case NATS_NOT_PERMITTED:
    case NATS_CONNECTION_AUTH_FAILED:
      return absl::PermissionDeniedError(text);
    case NATS_NO_MEMORY:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

std::string WithoutCredentials(std::string_view url) {
  std::string out;
  for (std::string_view part : StrSplit(url, ',')) {
    part = Trim(part);
    const size_t scheme = part.find("://");
    const size_t at = part.rfind('@');
    if (!out.empty()) out.push_back(',');
    if (at == std::string_view::npos) {
      out.append(part);
    } else {
      const size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
      StrAppend(&out, part.substr(0, host), part.substr(at + 1));
    }
  }
  return out;
}

}  // namespace switchboard::bus
