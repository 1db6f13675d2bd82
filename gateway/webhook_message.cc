#include "gateway/webhook_message.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "gateway/json_codec.h"

namespace switchboard::gateway {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";

}  // namespace

absl::StatusOr<std::string> WebhookKey(std::string_view secret) {
  std::string key(secret);
  if (secret.rfind(kSecretPrefix, 0) == 0) {
    secret.remove_prefix(kSecretPrefix.size());
    if (!absl::Base64Unescape(ToAbsl(secret), &key)) {
      return absl::InvalidArgumentError("has no base64 after whsec_");
    }
  }
  if (key.size() < kWebhookKeyBytesMin) {
    return absl::InvalidArgumentError(
        StrCat("has ", key.size(), " bytes; at least ", kWebhookKeyBytesMin,
               " are needed: echo \"whsec_$(openssl rand -base64 32)\""));
  }
  return key;
}

std::string WebhookSignature(std::string_view key, std::string_view id, int64_t unix_seconds,
                             std::string_view body) {
  const std::string content = StrCat(id, ".", unix_seconds, ".", body);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest, &size);
  return StrCat("v1,",
                absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(digest), size)));
}

std::string WebhookId(const v1::TurnStatus& outcome) {
  return StrCat("msg_", NamedUuid("webhook", StrCat(outcome.id(), "/",
                                                    v1::TurnStatus::State_Name(outcome.state()))));
}

std::string WebhookBody(const v1::WebhookWork& work) {
  const bool answered = work.outcome().state() == v1::TurnStatus::ANSWERED;
  return StrCat("{\"type\":\"", answered ? "turn.answered" : "turn.dead",
                "\",\"timestamp\":", EncodeJson(work.completed_at()),
                ",\"data\":", EncodeJson(work.outcome()), "}");
}

http::Request WebhookRequest(const v1::WebhookWork& work, std::string_view key,
                             int64_t unix_seconds) {
  const std::string id = WebhookId(work.outcome());
  http::Request request;
  request.method = "POST";
  request.url = work.url();
  request.body = WebhookBody(work);
  request.headers = {
      {"content-type", "application/json"},
      {"webhook-id", id},
      {"webhook-timestamp", StrCat(unix_seconds)},
      {"webhook-signature", WebhookSignature(key, id, unix_seconds, request.body)},
  };
  return request;
}

}  // namespace switchboard::gateway
