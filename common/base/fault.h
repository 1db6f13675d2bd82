// Errors in the caller's terms: an absl::Status that also names the field at fault and the remedy.
//
//   return InvalidField("text", "is empty", "send between 1 and 4096 characters");
//
// The two extras ride as status payloads, cross the bus in headers of the error reply and end as
// members of the HTTP problem or the gRPC trailer. Codes are chosen as absl documents them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace switchboard {

// InvalidArgument "<field> <what>".
absl::Status InvalidField(std::string_view field, std::string_view what, std::string_view remedy);

absl::Status WithField(absl::Status status, std::string_view field);
absl::Status WithRemedy(absl::Status status, std::string_view remedy);
// The caller may try again after so many milliseconds.
absl::Status WithRetryAfterMs(absl::Status status, int retry_after_ms);

// Empty (or 0) when the status does not carry it.
std::string FieldOf(const absl::Status& status);
std::string RemedyOf(const absl::Status& status);
int RetryAfterMsOf(const absl::Status& status);

// "INVALID_ARGUMENT" → kInvalidArgument; kUnknown for anything else.
absl::StatusCode StatusCodeFromString(std::string_view name);

}  // namespace switchboard

#define SWITCHBOARD_CONCAT_INNER(a, b) a##b
#define SWITCHBOARD_CONCAT(a, b) SWITCHBOARD_CONCAT_INNER(a, b)

#define SWITCHBOARD_RETURN_IF_ERROR_IMPL(keyword, expr)                     \
  do {                                                                      \
    if (absl::Status switchboard_status = (expr); !switchboard_status.ok()) \
      keyword switchboard_status;                                           \
  } while (false)

#define SWITCHBOARD_ASSIGN_OR_RETURN_IMPL(keyword, temporary, lhs, expr) \
  auto temporary = (expr);                                               \
  if (!temporary.ok()) keyword std::move(temporary).status();            \
  lhs = std::move(temporary).value()

// For functions and, with CO_, for coroutines.
#define RETURN_IF_ERROR(expr) SWITCHBOARD_RETURN_IF_ERROR_IMPL(return, expr)
#define CO_RETURN_IF_ERROR(expr) SWITCHBOARD_RETURN_IF_ERROR_IMPL(co_return, expr)
#define ASSIGN_OR_RETURN(lhs, expr) \
  SWITCHBOARD_ASSIGN_OR_RETURN_IMPL(return, SWITCHBOARD_CONCAT(status_or_, __LINE__), lhs, expr)
#define CO_ASSIGN_OR_RETURN(lhs, expr) \
  SWITCHBOARD_ASSIGN_OR_RETURN_IMPL(co_return, SWITCHBOARD_CONCAT(status_or_, __LINE__), lhs, expr)
