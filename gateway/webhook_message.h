// A webhook as it goes out: Standard Webhooks 1.0.0 (standardwebhooks.com), symmetric signature.
//
//   ASSIGN_OR_RETURN(std::string key, WebhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
//   http::Request request = WebhookRequest(work, key, unix_seconds);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/http/client.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::gateway {

// The specification asks for 192 bits.
inline constexpr size_t kWebhookKeyBytesMin = 24;

// The bytes to sign with: "whsec_" and base64, or else the secret's own bytes. InvalidArgument: no
// base64, or fewer than kWebhookKeyBytesMin; the message does not quote the secret.
absl::StatusOr<std::string> WebhookKey(std::string_view secret);

// "v1,<base64 of HMAC-SHA256(key, <id>.<timestamp>.<body>)>".
std::string WebhookSignature(std::string_view key, std::string_view id, int64_t unix_seconds,
                             std::string_view body);

// Of an outcome, the same at each delivery; another one when a dead turn is answered after all.
std::string WebhookId(const v1::TurnStatus& outcome);

// {"type":"turn.answered","timestamp":"<completed_at>","data":<TurnStatus>}; "turn.dead" likewise.
std::string WebhookBody(const v1::WebhookWork& work);

// POST to work.url(), signed at `unix_seconds`.
http::Request WebhookRequest(const v1::WebhookWork& work, std::string_view key,
                             int64_t unix_seconds);

}  // namespace switchboard::gateway
