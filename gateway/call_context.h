// What an adapter knows about a call besides its message: who asks, within what time, in which
// trace.
//
//   ASSIGN_OR_RETURN(CallContext context, MakeCallContext({.idempotency_key = header}, limits));
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/observability/trace.h"

namespace switchboard::gateway {

struct CallContext {
  // The id of the turn this call makes, if it makes one: the client's key, or a new UUIDv7.
  // Returned as X-Request-Id whatever the call was.
  std::string request_id;
  // What the client sent as Idempotency-Key; empty: nothing.
  std::string idempotency_key;
  // The id that a conversation gets which this call opens, where an adapter must know it before the
  // call; empty: any.
  std::string new_conversation_id;
  // Who is calling; empty while nobody is known (AUTH=off).
  std::string principal;
  trace::Context trace = trace::NewTrace();
  Deadline deadline = Deadline::After(std::chrono::seconds(15));
};

// The same as the protocols carry it: unchecked text.
struct CallMetadata {
  // nullopt: not sent. Sent but empty is an error, because the client meant to be idempotent.
  std::optional<std::string> idempotency_key;
  std::string traceparent;
  // Milliseconds the client is willing to wait; empty: the gateway's limit.
  std::string timeout_ms;
  // The same from a protocol that carries deadlines itself.
  std::optional<std::chrono::milliseconds> timeout;
};

// InvalidArgument naming Idempotency-Key or Request-Timeout-Ms. `limit`: nobody waits longer.
absl::StatusOr<CallContext> MakeCallContext(const CallMetadata& metadata,
                                            std::chrono::milliseconds limit);

// Which conversation a turn belongs to, and what is known of it.
struct ConversationChoice {
  std::string id;
  // Made for this turn: there is nothing to load.
  bool opens = false;
  // Derived from something the client repeats, so it may or may not exist.
  bool may_open = false;
};

// The conversation that a client named. NotFound naming conversation_id when it is no UUID: such a
// conversation cannot exist.
absl::StatusOr<ConversationChoice> NamedConversation(std::string_view conversation_id);

// A new conversation. With an Idempotency-Key its id follows from the key, the principal and the
// customer, so the repeated request finds the same conversation and, in it, its answer.
ConversationChoice NewConversation(const CallContext& context, std::string_view customer_id);

// The conversation of a drop-in session id: a UUID names itself, other ids map to one of the
// principal's own, and an empty one is a new conversation.
ConversationChoice SessionConversation(const CallContext& context, std::string_view session_id);

// NotFound "unknown conversation", naming the field.
absl::Status UnknownConversation();

}  // namespace switchboard::gateway
