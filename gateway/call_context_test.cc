#include "gateway/call_context.h"

#include <gtest/gtest.h>

#include "common/base/fault.h"
#include "common/base/id.h"

namespace switchboard::gateway {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLimit{15000};

CallContext WithKey(std::string key) {
  CallMetadata metadata;
  metadata.idempotency_key = std::move(key);
  return *MakeCallContext(metadata, kLimit);
}

TEST(CallContext, RefusesWhatCannotBeAKeyOrATimeout) {
  const struct {
    const char* sentence;
    CallMetadata metadata;
    const char* field;
  } cases[] = {
      {"an empty key", {.idempotency_key = ""}, "Idempotency-Key"},
      {"a key with a space", {.idempotency_key = "a b"}, "Idempotency-Key"},
      {"a key with an accent", {.idempotency_key = "é"}, "Idempotency-Key"},
      {"a key of 129 characters", {.idempotency_key = std::string(129, 'x')}, "Idempotency-Key"},
      {"a timeout of no time", {.timeout_ms = "0"}, "Request-Timeout-Ms"},
      {"a timeout with a unit", {.timeout_ms = "5s"}, "Request-Timeout-Ms"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto context = MakeCallContext(test.metadata, kLimit);
    EXPECT_TRUE(absl::IsInvalidArgument(context.status()));
    EXPECT_EQ(FieldOf(context.status()), test.field);
    EXPECT_FALSE(RemedyOf(context.status()).empty());
  }
}

TEST(CallContext, TheKeyIsTheRequestsId) {
  EXPECT_EQ(WithKey(std::string(128, 'x')).request_id, std::string(128, 'x'));
  EXPECT_TRUE(IsUuid(MakeCallContext({}, kLimit)->request_id));
}

TEST(CallContext, TheSoonestTimeoutCounts) {
  CallMetadata metadata{.timeout_ms = "2000", .timeout = milliseconds(9000)};
  EXPECT_LE(MakeCallContext(metadata, kLimit)->deadline.Remaining(), milliseconds(2000));
  metadata.timeout = milliseconds(100);
  EXPECT_LE(MakeCallContext(metadata, kLimit)->deadline.Remaining(), milliseconds(100));
  EXPECT_LE(MakeCallContext({.timeout_ms = "99999999"}, kLimit)->deadline.Remaining(), kLimit);
}

TEST(CallContext, ContinuesTheCallersTrace) {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto context = MakeCallContext({.traceparent = parent}, kLimit);
  EXPECT_EQ(context->trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(context->trace.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(MakeCallContext({.traceparent = "nonsense"}, kLimit)->trace.trace_id.size(), 32u);
}

TEST(Conversations, OneThatIsNamedMustBeAUuid) {
  const auto found = NamedConversation("0199F3A2-7C41-7B62-9D0E-5A8F3F1C2B7D");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->id, "0199f3a2-7c41-7b62-9d0e-5a8f3f1c2b7d");
  EXPECT_FALSE(found->opens || found->may_open);
  for (const char* id : {"", "42", "mesh.turn.>", "0199f3a2-7c41-7b62-9d0e-5a8f3f1c2b7"}) {
    const absl::Status status = NamedConversation(id).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << id;
    EXPECT_EQ(FieldOf(status), "conversation_id");
  }
}

TEST(Conversations, ANewOneFollowsFromTheKeyWhenThereIsOne) {
  const auto without = NewConversation(*MakeCallContext({}, kLimit), "c1");
  EXPECT_TRUE(without.opens && !without.may_open);
  const auto first = NewConversation(WithKey("k"), "c1");
  EXPECT_TRUE(first.may_open && !first.opens);
  EXPECT_EQ(first.id, NewConversation(WithKey("k"), "c1").id);
  EXPECT_NE(first.id, NewConversation(WithKey("l"), "c1").id);
  EXPECT_NE(first.id, NewConversation(WithKey("k"), "c2").id) << "another customer's";
}

TEST(Conversations, ASessionIsAlwaysTheSameConversation) {
  const CallContext context = *MakeCallContext({}, kLimit);
  const auto named = SessionConversation(context, "visitor-4711");
  EXPECT_TRUE(IsUuid(named.id));
  EXPECT_TRUE(named.may_open);
  EXPECT_EQ(named.id, SessionConversation(*MakeCallContext({}, kLimit), "visitor-4711").id);
  CallContext other = context;
  other.principal = "shop";
  EXPECT_NE(named.id, SessionConversation(other, "visitor-4711").id) << "somebody else's session";
  // What a reply without a session gave out leads back to it.
  const auto fresh = SessionConversation(context, "");
  EXPECT_EQ(SessionConversation(context, fresh.id).id, fresh.id);
}

}  // namespace
}  // namespace switchboard::gateway
