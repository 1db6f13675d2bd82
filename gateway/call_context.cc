#include "gateway/call_context.h"

#include <algorithm>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"

namespace switchboard::gateway {
namespace {

// As the contract's TurnRequest.turn_id.
constexpr size_t kKeyLengthMax = 128;

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

absl::Status CheckKey(std::string_view key) {
  if (!key.empty() && key.size() <= kKeyLengthMax && IsVisibleAscii(key)) return absl::OkStatus();
  const std::string what = key.empty() ? "is empty"
                           : key.size() > kKeyLengthMax
                               ? StrCat("is ", key.size(), " characters long")
                               : "holds characters other than visible ASCII";
  return InvalidField("Idempotency-Key", what,
                      "send 1 to 128 visible ASCII characters, such as a UUID");
}

absl::StatusOr<std::chrono::milliseconds> ParseTimeout(std::string_view text) {
  int value = 0;
  if (!SimpleAtoi(text, &value) || value < 1) {
    return InvalidField("Request-Timeout-Ms", "is not a whole number of at least 1",
                        "send the milliseconds you are willing to wait");
  }
  return std::chrono::milliseconds(value);
}

}  // namespace

absl::StatusOr<CallContext> MakeCallContext(const CallMetadata& metadata,
                                            std::chrono::milliseconds limit) {
  CallContext context;
  if (metadata.idempotency_key) {
    RETURN_IF_ERROR(CheckKey(*metadata.idempotency_key));
    context.idempotency_key = *metadata.idempotency_key;
  }
  context.request_id = metadata.idempotency_key ? context.idempotency_key : NewUuid();
  if (auto parent = trace::Parse(metadata.traceparent)) context.trace = trace::Child(*parent);
  std::chrono::milliseconds timeout = limit;
  if (metadata.timeout) timeout = std::min(timeout, *metadata.timeout);
  if (!metadata.timeout_ms.empty()) {
    ASSIGN_OR_RETURN(const auto wanted, ParseTimeout(metadata.timeout_ms));
    timeout = std::min(timeout, wanted);
  }
  context.deadline = Deadline::After(timeout);
  return context;
}

absl::Status UnknownConversation() {
  return WithRemedy(
      WithField(absl::NotFoundError("unknown conversation"), "conversation_id"),
      "use the conversation_id of an earlier reply, or leave it out for a new conversation");
}

absl::StatusOr<ConversationChoice> NamedConversation(std::string_view conversation_id) {
  std::string id = AsciiStrToLower(conversation_id);
  if (!IsUuid(id)) return UnknownConversation();
  return ConversationChoice{.id = std::move(id)};
}

ConversationChoice NewConversation(const CallContext& context, std::string_view customer_id) {
  if (context.idempotency_key.empty()) {
    const std::string& given = context.new_conversation_id;
    return {.id = given.empty() ? NewUuid() : given, .opens = true};
  }
  return {.id = NamedUuid(StrCat("conversation/", context.principal, "/", customer_id),
                          context.idempotency_key),
          .may_open = true};
}

ConversationChoice SessionConversation(const CallContext& context, std::string_view session_id) {
  if (session_id.empty()) return NewConversation(context, "");
  std::string id = AsciiStrToLower(session_id);
  if (!IsUuid(id)) id = NamedUuid(StrCat("session/", context.principal), session_id);
  return {.id = std::move(id), .may_open = true};
}

}  // namespace switchboard::gateway
