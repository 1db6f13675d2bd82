// Errors as the outside sees them: problem details (RFC 9457) over HTTP, the trailer of a gRPC
// status.
//
// One table holds every kind of problem: its slug, HTTP status and the page's words. /docs/errors
// is rendered from the same table, so a `type` always leads somewhere.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::gateway {

struct ProblemKind {
  // The fragment of `type`: /docs/errors#<slug>.
  std::string_view slug;
  unsigned http_status;
  std::string_view title;
  // What it means, what the caller does, what the operator does.
  std::string_view meaning;
  std::string_view caller;
  std::string_view operator_;
};

// In the order of their HTTP status.
std::span<const ProblemKind> ProblemKinds();

// The kind of an error. Codes map as google.rpc's do, but for what HTTP can say more exactly.
const ProblemKind& KindOf(const absl::Status& error);

// Marks `error` as of the kind `slug`, where its code alone does not tell (413, 415 …).
absl::Status OfKind(absl::Status error, std::string_view slug);

// `error` in the caller's terms. What went wrong inside (Internal, Unknown) is not told, only where
// to look it up.
v1::Problem ToProblem(const absl::Status& error, std::string_view trace_id);

// Seconds for Retry-After; 0: the header is not sent.
int RetryAfterSeconds(const absl::Status& error);

}  // namespace switchboard::gateway
