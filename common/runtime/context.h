// What a message says about itself besides its payload, and how that is written in NATS headers.
//
// `nats sub 'mesh.>'` prints headers as text, so they hold what an operator wants to see at a
// glance.
#pragma once

#include <chrono>
#include <string>

#include "common/base/deadline.h"
#include "common/bus/connection.h"
#include "common/observability/trace.h"

namespace switchboard::runtime {

inline constexpr char kHeaderType[] = "Mesh-Type";                  // protobuf message name
inline constexpr char kHeaderTurn[] = "Mesh-Turn";                  // turn id
inline constexpr char kHeaderConversation[] = "Mesh-Conversation";  // conversation id
inline constexpr char kHeaderAgent[] = "Mesh-Agent";                // who sent this message
inline constexpr char kHeaderDeadline[] = "Mesh-Deadline-Ms";       // remaining milliseconds
inline constexpr char kHeaderSummary[] = "Mesh-Summary";            // one line, no personal data
inline constexpr char kHeaderInstance[] = "Mesh-Instance";          // replica that sent a reply
// Of a cancellation: the reply subject of the request that nobody waits for any more, and the last
// of its attempts that is meant. Of a request: which attempt it is; absent: the first.
inline constexpr char kHeaderRequest[] = "Mesh-Request";
inline constexpr char kHeaderAttempt[] = "Mesh-Attempt";
using bus::kHeaderStream;
inline constexpr char kHeaderTrace[] = "traceparent";
inline constexpr char kHeaderContentType[] = "Content-Type";  // absent: protobuf
inline constexpr char kJson[] = "application/json";
// Errors: ADR-32's two, the absl code's name, and what the caller needs to mend it.
inline constexpr char kHeaderError[] = "Nats-Service-Error";
inline constexpr char kHeaderErrorCode[] = "Nats-Service-Error-Code";
inline constexpr char kHeaderStatus[] = "Mesh-Status";
inline constexpr char kHeaderField[] = "Mesh-Error-Field";
inline constexpr char kHeaderRemedy[] = "Mesh-Error-Remedy";
inline constexpr char kHeaderRetryAfter[] = "Mesh-Retry-After-Ms";

// A message without a deadline gets this one.
inline constexpr std::chrono::milliseconds kDefaultDeadline{10000};
// No deadline from outside is believed beyond this.
inline constexpr std::chrono::milliseconds kDeadlineMax{120000};

struct Context {
  Deadline deadline = Deadline::After(kDefaultDeadline);
  std::string turn_id;
  std::string conversation_id;
  trace::Context trace = trace::NewTrace();
  // Of the request that was received: above 1 it was sent before, perhaps to somebody else.
  int attempt = 1;

  static Context FromMessage(const bus::Message& message);
  // The same turn and trace with less time.
  Context WithDeadline(Deadline sooner) const;
};

// Headers of a request of `type` that `agent` sends within `context`.
bus::Headers RequestHeaders(const Context& context, std::string_view type, std::string_view agent);

}  // namespace switchboard::runtime
