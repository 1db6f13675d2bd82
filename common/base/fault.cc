#include "common/base/fault.h"

#include "absl/strings/cord.h"
#include "common/base/strings.h"

namespace switchboard {
namespace {

constexpr std::string_view kField = "switchboard/field";
constexpr std::string_view kRemedy = "switchboard/remedy";
constexpr std::string_view kRetryAfterMs = "switchboard/retry-after-ms";

absl::Status With(absl::Status status, std::string_view key, std::string_view value) {
  if (!value.empty()) status.SetPayload(ToAbsl(key), absl::Cord(ToAbsl(value)));
  return status;
}

std::string Get(const absl::Status& status, std::string_view key) {
  auto payload = status.GetPayload(ToAbsl(key));
  return payload ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status InvalidField(std::string_view field, std::string_view what, std::string_view remedy) {
  return WithRemedy(WithField(absl::InvalidArgumentError(StrCat(field, " ", what)), field), remedy);
}

absl::Status WithField(absl::Status status, std::string_view field) {
  return With(std::move(status), kField, field);
}

absl::Status WithRemedy(absl::Status status, std::string_view remedy) {
  return With(std::move(status), kRemedy, remedy);
}

absl::Status WithRetryAfterMs(absl::Status status, int retry_after_ms) {
  if (retry_after_ms <= 0) return status;
  return With(std::move(status), kRetryAfterMs, StrCat(retry_after_ms));
}

std::string FieldOf(const absl::Status& status) { return Get(status, kField); }
std::string RemedyOf(const absl::Status& status) { return Get(status, kRemedy); }

int RetryAfterMsOf(const absl::Status& status) {
  int value = 0;
  return SimpleAtoi(Get(status, kRetryAfterMs), &value) ? value : 0;
}

absl::StatusCode StatusCodeFromString(std::string_view name) {
  for (int code = 1; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    if (ToAbsl(name) == absl::StatusCodeToString(static_cast<absl::StatusCode>(code))) {
      return static_cast<absl::StatusCode>(code);
    }
  }
  return absl::StatusCode::kUnknown;
}

}  // namespace switchboard
