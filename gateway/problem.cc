#include "gateway/problem.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::gateway {
namespace {

constexpr char kSlugPayload[] = "switchboard/problem";

constexpr ProblemKind kKinds[] = {
    {"invalid-argument", 400, "The request is not valid",
     "A field is missing, too long, of the wrong type, or unknown; `field` names it.",
     "Do what `remedy` says, then send it again. The same request will be refused again.",
     "Nothing."},
    {"invalid-json", 400, "The body is not valid JSON",
     "The body is no JSON object, is nested deeper than 32 levels, or is not UTF-8; `detail` says "
     "where.",
     "Send one JSON object in UTF-8.", "Nothing."},
    {"unauthenticated", 401, "The caller is not known",
     "The credentials are missing or not accepted.", "Send valid credentials.",
     "Check what the gateway accepts (AUTH)."},
    {"permission-denied", 403, "The caller may not do this",
     "The credentials are valid, but not for this operation.", "Ask the operator for access.",
     "Grant the permission if it is meant to be."},
    {"not-found", 404, "There is no such thing",
     "The path, the conversation, the agent or its verb does not exist; `field` says which.",
     "Check the identifier. A conversation belongs to whoever opened it.",
     "Unknown agent: is it running? See GET /v1/agents."},
    {"method-not-allowed", 405, "The path does not take this method",
     "The path exists, but with the methods that the header Allow lists.",
     "Use one of the methods in Allow.", "Nothing."},
    {"request-timeout", 408, "The request did not arrive in time",
     "Header or body were not complete within the gateway's limits.",
     "Send the request in one go; check the connection.", "Nothing, unless many clients see it."},
    {"conflict", 409, "Somebody else was faster",
     "The same thing was changed or created at the same moment.",
     "Send the same request again, with the same Idempotency-Key.", "Nothing."},
    {"failed-precondition", 409, "The state does not allow it",
     "The conversation is closed, or in another state than the operation needs.",
     "Read the conversation's status; open a new one if it is closed.", "Nothing."},
    {"payload-too-large", 413, "The body is too large", "A body may hold 1 MiB.", "Send less.",
     "Nothing."},
    {"unsupported-media-type", 415, "The body's type is not supported", "Bodies are JSON.",
     "Send Content-Type: application/json.", "Nothing."},
    {"idempotency-key-reused", 422, "The Idempotency-Key belongs to another request",
     "The key was used before with another request. A key names one request and its answer.",
     "Use a new key for a new request.", "Nothing."},
    {"resource-exhausted", 429, "Too much at once",
     "The gateway or an agent has as much in hand as it takes without queueing; nothing was begun.",
     "Wait for Retry-After, then send the same request with the same Idempotency-Key.",
     "Add replicas of the agent whose switchboard_queue_wait_seconds stands high; "
     "switchboard_in_flight_limit shows what each takes by itself."},
    {"headers-too-large", 431, "The headers are too large",
     "Request line and headers may hold 16 KiB.", "Send fewer or shorter headers.", "Nothing."},
    {"cancelled", 499, "The caller went away",
     "The connection was closed before the answer was there. A turn with an Idempotency-Key is "
     "finished and stored; any other is stopped wherever it was worked on.",
     "Send the request again with the same Idempotency-Key to get its answer.", "Nothing."},
    {"internal", 500, "Something went wrong on our side",
     "A fault in Switchboard. The details are in the logs under `trace_id`.",
     "Try again later with the same Idempotency-Key; report `trace_id` if it stays.",
     "Look up `trace_id` in the logs of the gateway and the agents."},
    {"unavailable", 503, "A part of the mesh is away",
     "NATS or the agent that was asked does not answer, or the work queue is full. Nothing was "
     "answered.",
     "Wait for Retry-After, then send the same request with the same Idempotency-Key.",
     "See /readyz and GET /v1/agents; start what is missing."},
    {"deadline-exceeded", 504, "The answer was not there in time",
     "The deadline (TURN_TIMEOUT_MS, or the sooner one that the caller set) passed, and not even "
     "an apology could be stored.",
     "Send the same request with the same Idempotency-Key: if the turn was finished after all, its "
     "answer is there.",
     "See the latencies of the agents at /metrics and GET /v1/analytics/summary."},
};

const ProblemKind& BySlug(std::string_view slug) {
  const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                  [&](const ProblemKind& kind) { return kind.slug == slug; });
  return found == std::end(kKinds) ? BySlug("internal") : *found;
}

std::string_view SlugOf(const absl::Status& error) {
  switch (error.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return "invalid-argument";
    case absl::StatusCode::kUnauthenticated:
      return "unauthenticated";
    case absl::StatusCode::kPermissionDenied:
      return "permission-denied";
    // An agent says Unimplemented for a verb it does not have.
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented:
      return "not-found";
    case absl::StatusCode::kAlreadyExists:
      return FieldOf(error) == "Idempotency-Key" ? "idempotency-key-reused" : "conflict";
    case absl::StatusCode::kAborted:
      return "conflict";
    case absl::StatusCode::kFailedPrecondition:
      return "failed-precondition";
    case absl::StatusCode::kResourceExhausted:
      return "resource-exhausted";
    case absl::StatusCode::kCancelled:
      return "cancelled";
    case absl::StatusCode::kUnavailable:
      return "unavailable";
    case absl::StatusCode::kDeadlineExceeded:
      return "deadline-exceeded";
    default:
      return "internal";
  }
}

}  // namespace

std::span<const ProblemKind> ProblemKinds() { return kKinds; }

const ProblemKind& KindOf(const absl::Status& error) {
  if (auto slug = error.GetPayload(kSlugPayload)) return BySlug(std::string(*slug));
  return BySlug(SlugOf(error));
}

absl::Status OfKind(absl::Status error, std::string_view slug) {
  error.SetPayload(kSlugPayload, absl::Cord(ToAbsl(slug)));
  return error;
}

v1::Problem ToProblem(const absl::Status& error, std::string_view trace_id) {
  const ProblemKind& kind = KindOf(error);
  v1::Problem problem;
  problem.set_type(StrCat("/docs/errors#", kind.slug));
  problem.set_title(std::string(kind.title));
  problem.set_status(kind.http_status);
  if (kind.slug == "internal") {
    problem.set_detail("Something went wrong on our side. The logs know more under this trace_id.");
  } else {
    problem.set_detail(std::string(error.message()));
    problem.set_field(FieldOf(error));
  }
  std::string remedy = RemedyOf(error);
  problem.set_remedy(remedy.empty() ? std::string(kind.caller) : std::move(remedy));
  problem.set_trace_id(std::string(trace_id));
  return problem;
}

int RetryAfterSeconds(const absl::Status& error) {
  const unsigned status = KindOf(error).http_status;
  if (status != 429 && status != 503) return 0;
  return std::max(1, (RetryAfterMsOf(error) + 999) / 1000);
}

}  // namespace switchboard::gateway
