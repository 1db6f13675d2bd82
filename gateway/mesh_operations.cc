#include "gateway/mesh_operations.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/runtime/call.h"
#include "common/runtime/validate.h"
#include "gateway/json_codec.h"
#include "gateway/mesh_call.h"
#include "gateway/problem.h"
#include "gateway/views.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::gateway {
namespace {

using std::chrono::milliseconds;

constexpr char kFeedbackSubject[] = "mesh.event.feedback.received";

// Reading a conversation or storing feedback is one or two hops and a disk.
constexpr milliseconds kReadLimit{5000};
constexpr milliseconds kReadLimitReplicated{12000};
// Room that headers take in a NATS message.
constexpr size_t kHeaderBytesReserve = 4096;
// Pages looked through for the turn that feedback names: 2,000 turns.
constexpr int kFeedbackPagesMax = 10;

// An agent that cannot read its JSON only says so. Where its message is one of the contract's,
// reading it here tells which field is wrong; else `error` stays as it is.
absl::Status NameField(const std::string& type, const std::string& json, absl::Status error) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (descriptor == nullptr) return error;
  const auto* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor);
  const std::unique_ptr<google::protobuf::Message> message(prototype->New());
  absl::Status named = DecodeJson(json, message.get());
  return absl::IsInvalidArgument(named) ? named : error;
}

bool IsToken(std::string_view text, char extra) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == extra;
  });
}

}  // namespace

MeshOperations::MeshOperations(bus::Connection& connection, const AgentDirectory& directory,
                               Options options)
    : connection_(connection),
      directory_(directory),
      options_(std::move(options)),
      caller_(connection, kSender),
      limiter_({.limit_min = std::min(16, options_.turns_in_flight_max),
                .limit_max = options_.turns_in_flight_max,
                .wait_target = options_.turn_wait_target}),
      queue_(connection, kSender),
      outcomes_(connection, options_.waiting_max) {}

// A cluster elects a leader within 9 s (docs/adr/0009-leader-reads.md): reads may outlive that.
milliseconds MeshOperations::ReadLimit() const {
  return connection_.replicated() ? kReadLimitReplicated : kReadLimit;
}

// ---- conversations ----

Awaitable<absl::StatusOr<v1::ConversationView>> MeshOperations::CreateConversation(
    CallContext context, v1::CreateConversationRequest request) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  context.deadline = context.deadline.Child(ReadLimit());
  v1::OpenRequest open;
  open.set_conversation_id(NewConversation(context, request.customer_id()).id);
  open.set_tenant(options_.tenant);
  open.set_channel(request.channel().empty() ? "api" : request.channel());
  open.set_language(request.language());
  open.mutable_customer()->set_id(request.customer_id());
  open.set_principal(context.principal);
  const std::string conversation_id = open.conversation_id();
  std::string subject = runtime::AgentSubject("critic-supervisor", "open");
  runtime::Context bus_context = BusContext(context, conversation_id);
  absl::StatusOr<v1::Conversation> opened = co_await CallPatiently<v1::Conversation>(
      &caller_, std::move(subject), std::move(bus_context), std::move(open));
  if (opened.ok()) co_return ToView(*opened);
  if (!absl::IsAlreadyExists(opened.status()) || context.idempotency_key.empty()) {
    co_return opened.status();
  }
  // The same key again: the conversation it made.
  v1::HistoryRequest history;
  history.set_conversation_id(conversation_id);
  history.set_state_only(true);
  absl::StatusOr<v1::HistoryReply> found = co_await History(std::move(context), std::move(history));
  if (!found.ok()) co_return found.status();
  co_return ToView(found->conversation());
}

Awaitable<absl::StatusOr<v1::ConversationView>> MeshOperations::GetConversation(
    CallContext context, v1::GetConversationRequest request) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  CO_ASSIGN_OR_RETURN(const ConversationChoice conversation,
                      NamedConversation(request.conversation_id()));
  v1::HistoryRequest history;
  history.set_conversation_id(conversation.id);
  history.set_page_size(request.page_size());
  uint64_t after = 0;
  if (!request.page_token().empty() && !SimpleAtoi(request.page_token(), &after)) {
    co_return InvalidField("page_token", "is out of range",
                           "send the next_page_token of the previous page");
  }
  history.set_after_sequence(after);
  absl::StatusOr<v1::HistoryReply> found = co_await History(std::move(context), std::move(history));
  if (!found.ok()) co_return found.status();
  co_return ToView(*found);
}

Awaitable<absl::StatusOr<v1::HistoryReply>> MeshOperations::History(CallContext context,
                                                                    v1::HistoryRequest request) {
  context.deadline = context.deadline.Child(ReadLimit());
  std::string subject = runtime::AgentSubject("critic-supervisor", "history");
  runtime::Context bus_context = BusContext(context, request.conversation_id());
  absl::StatusOr<v1::HistoryReply> reply = co_await CallPatiently<v1::HistoryReply>(
      &caller_, std::move(subject), std::move(bus_context), std::move(request));
  if (!reply.ok()) co_return NameConversation(reply.status());
  const std::string& owner = reply->conversation().principal();
  // Somebody else's conversation does not exist for this caller.
  if (!owner.empty() && owner != context.principal) co_return UnknownConversation();
  co_return reply;
}

// ---- feedback ----

Awaitable<absl::StatusOr<v1::FeedbackReply>> MeshOperations::SubmitFeedback(
    CallContext context, v1::FeedbackRequest request) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  CO_ASSIGN_OR_RETURN(const ConversationChoice conversation,
                      NamedConversation(request.conversation_id()));
  context.deadline = context.deadline.Child(ReadLimit());
  absl::Status known = co_await CheckTurn(context, conversation.id, request.turn_id());
  if (!known.ok()) co_return known;

  v1::FeedbackReceived event;
  event.set_feedback_id(
      context.idempotency_key.empty()
          ? NewUuid()
          : NamedUuid(StrCat("feedback/", context.principal, "/", conversation.id),
                      context.idempotency_key));
  event.set_conversation_id(conversation.id);
  event.set_turn_id(request.turn_id());
  event.set_rating(request.rating());
  event.set_comment(request.comment());
  *event.mutable_received_at() = google::protobuf::util::TimeUtil::GetCurrentTime();

  runtime::Context bus_context = BusContext(context, conversation.id);
  bus::Headers headers = runtime::RequestHeaders(bus_context, event.GetTypeName(), kSender);
  bus::PublishOptions options;
  options.message_id = event.feedback_id();
  std::string subject = kFeedbackSubject;
  std::string payload = runtime::Encode(event);
  absl::StatusOr<bus::PublishAck> stored =
      co_await bus::PublishToStream(connection_, std::move(subject), std::move(headers),
                                    std::move(payload), std::move(options), context.deadline);
  if (!stored.ok()) co_return WithRetryAfterMs(stored.status(), kRetryAfterMs);
  v1::FeedbackReply reply;
  reply.set_feedback_id(event.feedback_id());
  co_return reply;
}

// NotFound unless the conversation exists and, if `turn_id` is given, holds that turn.
Awaitable<absl::Status> MeshOperations::CheckTurn(CallContext context, std::string conversation_id,
                                                  std::string turn_id) {
  v1::HistoryRequest request;
  request.set_conversation_id(conversation_id);
  request.set_state_only(turn_id.empty());
  request.set_page_size(200);
  for (int page = 0; page < kFeedbackPagesMax; ++page) {
    absl::StatusOr<v1::HistoryReply> reply = co_await History(context, request);
    if (!reply.ok()) co_return reply.status();
    if (turn_id.empty()) co_return absl::OkStatus();
    for (const auto& turn : reply->turns()) {
      if (turn.reply().turn_id() == turn_id) co_return absl::OkStatus();
    }
    if (reply->next_sequence() == 0) break;
    request.set_after_sequence(reply->next_sequence());
  }
  co_return WithRemedy(WithField(absl::NotFoundError("unknown turn"), "turn_id"),
                       "use the turn_id of a reply in this conversation, or leave it out");
}

// ---- agents and analytics ----

Awaitable<absl::StatusOr<std::string>> MeshOperations::CallAgent(CallContext context,
                                                                 std::string agent,
                                                                 std::string verb,
                                                                 std::string json) {
  // What is no token cannot be a subject, and so names nobody.
  if (!IsToken(agent, '-') || !IsToken(verb, '_')) co_return NobodyListens(agent, verb);
  if (json.empty()) json = "{}";
  CO_RETURN_IF_ERROR(ParseJsonObject(json).status());
  if (json.size() + kHeaderBytesReserve > connection_.payload_bytes_max()) {
    co_return OfKind(InvalidField("body", "is larger than the bus carries", "send less"),
                     "payload-too-large");
  }
  runtime::Context bus_context = BusContext(context, "");
  bus::Headers headers = runtime::RequestHeaders(bus_context, "json", kSender);
  headers.emplace_back(runtime::kHeaderContentType, runtime::kJson);
  // A verb may stream: only its last reply counts here.
  const std::unique_ptr<bus::ReplyStream> stream = connection_.RequestStream(
      runtime::AgentSubject(agent, verb), std::move(headers), json, context.deadline);
  for (;;) {
    absl::StatusOr<bus::Message> message = co_await stream->Next();
    if (absl::IsUnavailable(message.status()) && connection_.state() == bus::State::kConnected) {
      co_return NobodyListens(agent, verb);
    }
    if (!message.ok()) co_return message.status();
    if (!message->Header(runtime::kHeaderStream).empty()) continue;
    absl::Status status = runtime::ReplyStatus(*message);
    if (absl::IsUnimplemented(status)) co_return NobodyListens(agent, verb);
    if (FieldOf(status) == "body") {
      co_return NameField(directory_.RequestTypeOf(agent, verb), json, std::move(status));
    }
    if (!status.ok()) co_return status;
    co_return std::string(message->payload());
  }
}

// Says which of the two names is wrong, or that the agent is away.
absl::Status MeshOperations::NobodyListens(const std::string& agent,
                                           const std::string& verb) const {
  if (!directory_.Known(agent)) {
    return WithRemedy(WithField(absl::NotFoundError("unknown agent"), "agent"),
                      StrCat("the agents are ", StrJoin(directory_.Names(), ", ")));
  }
  if (!directory_.Present(agent) || directory_.HasVerb(agent, verb)) {
    return WithRetryAfterMs(WithField(absl::UnavailableError(StrCat(agent, " is away")), "agent"),
                            kRetryAfterMs);
  }
  const std::vector<std::string> verbs = directory_.VerbsOf(agent);
  return WithRemedy(WithField(absl::NotFoundError(StrCat(agent, " has no such verb")), "verb"),
                    verbs.empty() ? "see GET /v1/agents"
                                  : StrCat("the verbs of ", agent, " are ", StrJoin(verbs, ", ")));
}

Awaitable<absl::StatusOr<v1::SummaryReply>> MeshOperations::AnalyticsSummary(
    CallContext context, v1::SummaryRequest request) {
  CO_RETURN_IF_ERROR(runtime::Validate(request));
  context.deadline = context.deadline.Child(ReadLimit());
  std::string subject = runtime::AgentSubject("analytics", "summary");
  runtime::Context bus_context = BusContext(context, "");
  absl::StatusOr<v1::SummaryReply> reply = co_await CallPatiently<v1::SummaryReply>(
      &caller_, std::move(subject), std::move(bus_context), std::move(request));
  co_return reply;
}

}  // namespace switchboard::gateway
