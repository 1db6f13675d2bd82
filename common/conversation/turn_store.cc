#include "common/conversation/turn_store.h"

#include "absl/time/clock.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/conversation/state.h"
#include "common/runtime/call.h"
#include "common/runtime/streams.h"

namespace switchboard::conversation {
namespace {

// Writers of one conversation at the same moment; each loser reads again and writes after the
// winner.
constexpr int kCommitAttemptsMax = 8;
// A stream's new leader may not have applied yet what its predecessor acknowledged: it refuses a
// write after a record that it does not show. Doubled each time: 2.5 s in all.
constexpr std::chrono::milliseconds kBehindPause{10};

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

std::string Subject(const std::string& conversation_id) {
  return runtime::kTurnCompletedPrefix + conversation_id;
}

absl::StatusOr<Stored> Decode(const absl::StatusOr<bus::Message>& message) {
  if (!message.ok()) return message.status();
  Stored stored;
  stored.sequence = message->stream_sequence();
  const std::string_view payload = message->payload();
  if (!stored.record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::DataLossError(StrCat("record ", stored.sequence, " of TURNS cannot be read"));
  }
  return stored;
}

absl::Status CheckSameRequest(const v1::TurnCompleted& stored, const v1::TurnRequest& request) {
  return stored.fingerprint() == Fingerprint(request) ? absl::OkStatus() : KeyReused();
}

// After the window has moved on, only a request that says so can be a repeated one: ids of ours are
// new by making.
bool MayBeRetry(const v1::Conversation& conversation, const v1::TurnRequest& request) {
  if (FindExchange(conversation, request.turn_id()) != nullptr) return true;
  return request.client_key() &&
         conversation.turn_count() > static_cast<uint32_t>(conversation.window_size());
}

// Whether the one who asks may write in this conversation at all.
absl::Status CheckOwner(const v1::Conversation& conversation, const v1::TurnRequest& request) {
  if (conversation.principal() != request.principal()) return UnknownConversation();
  // One frontend speaks for many customers: a conversation stays with the one it began with.
  const std::string& asking = request.customer().id();
  if (!asking.empty() && asking != conversation.customer().id()) return UnknownConversation();
  return absl::OkStatus();
}

absl::Status CheckOpen(const v1::Conversation& conversation) {
  if (conversation.status() != v1::Conversation::CLOSED) return absl::OkStatus();
  return WithField(absl::FailedPreconditionError("the conversation is closed"), "conversation_id");
}

}  // namespace

absl::Status UnknownConversation() {
  return WithRemedy(
      WithField(absl::NotFoundError("there is no such conversation"), "conversation_id"),
      "create one with POST /v1/conversations");
}

absl::Status KeyReused() {
  return WithRemedy(WithField(absl::AlreadyExistsError("this key was used for another message"),
                              "Idempotency-Key"),
                    "use a new key for a new message");
}

Awaitable<absl::StatusOr<Beginning>> TurnStore::Begin(v1::TurnRequest request, Deadline deadline) {
  Beginning beginning;
  if (request.opens_conversation()) {
    *beginning.before.record.mutable_conversation() = NewConversation(request, NowMs());
    co_return beginning;
  }
  absl::StatusOr<Stored> loaded = co_await Load(request.conversation_id(), deadline);
  if (absl::IsNotFound(loaded.status())) {
    if (!request.may_open_conversation()) co_return UnknownConversation();
    *beginning.before.record.mutable_conversation() = NewConversation(request, NowMs());
    co_return beginning;
  }
  if (!loaded.ok()) co_return loaded.status();
  beginning.before = *std::move(loaded);
  const v1::Conversation& conversation = beginning.before.record.conversation();
  CO_RETURN_IF_ERROR(CheckOwner(conversation, request));
  if (MayBeRetry(conversation, request)) {
    absl::StatusOr<Stored> same =
        co_await FindTurn(request.conversation_id(), request.turn_id(), deadline);
    if (same.ok()) {
      absl::Status matches = CheckSameRequest(same->record.turn(), request);
      if (!matches.ok()) co_return matches;
      beginning.answered = same->record.turn();
      co_return beginning;
    }
    if (!absl::IsNotFound(same.status())) co_return same.status();
  }
  CO_RETURN_IF_ERROR(CheckOpen(conversation));
  co_return beginning;
}

Awaitable<absl::StatusOr<v1::TurnCompleted>> TurnStore::Finish(
    runtime::Context context, v1::TurnRequest request, Stored before, v1::TurnCompleted completed,
    v1::Focus focus, std::string summary) {
  completed.set_fingerprint(Fingerprint(request));
  for (int attempt = 0; attempt < kCommitAttemptsMax; ++attempt) {
    v1::ConversationRecord record;
    *record.mutable_conversation() = before.record.conversation();
    AppendTurn(*record.mutable_conversation(), completed, focus, NowMs());
    *record.mutable_turn() = completed;
    SetTimestamp(*record.mutable_recorded_at(), NowMs());
    record.set_traceparent(context.trace.traceparent());
    absl::Status status = co_await Commit(context, std::move(record), before.sequence, summary);
    if (status.ok()) co_return completed;
    if (!absl::IsAborted(status)) co_return status;
    // Somebody wrote in between: other turns (write after them) or this very one (give its answer
    // back).
    absl::StatusOr<Stored> now = co_await Load(request.conversation_id(), context.deadline);
    const bool behind =
        absl::IsNotFound(now.status()) || (now.ok() && now->sequence == before.sequence);
    if (behind) {
      Timer pause(bus_.io());
      pause.expires_at(context.deadline.Child(kBehindPause * (1 << attempt)).at());
      boost::system::error_code ignored;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      continue;
    }
    if (!now.ok()) co_return now.status();
    const uint64_t since = before.sequence + 1;
    const uint32_t turns_before = before.record.conversation().turn_count();
    before = *std::move(now);
    // It may have been opened by somebody else, or closed, since Begin.
    const v1::Conversation& conversation = before.record.conversation();
    CO_RETURN_IF_ERROR(CheckOwner(conversation, request));
    const bool in_window = conversation.turn_count() - turns_before <= kWindowMax;
    if (in_window && FindExchange(conversation, request.turn_id()) == nullptr) {
      CO_RETURN_IF_ERROR(CheckOpen(conversation));
      continue;
    }
    absl::StatusOr<Stored> same =
        co_await FindTurn(request.conversation_id(), request.turn_id(), context.deadline, since);
    if (!in_window && absl::IsNotFound(same.status())) {
      CO_RETURN_IF_ERROR(CheckOpen(conversation));
      continue;
    }
    if (!same.ok()) co_return same.status();
    absl::Status matches = CheckSameRequest(same->record.turn(), request);
    if (!matches.ok()) co_return matches;
    co_return same->record.turn();
  }
  absl::Status busy = absl::UnavailableError("too many turns of this conversation at once");
  co_return WithRetryAfterMs(std::move(busy), 100);
}

Awaitable<absl::StatusOr<Stored>> TurnStore::Load(std::string conversation_id, Deadline deadline) {
  std::string subject = Subject(conversation_id);
  absl::StatusOr<bus::Message> message =
      co_await bus::DirectGetLast(bus_, runtime::kTurnsStream, std::move(subject), deadline);
  co_return Decode(message);
}

Awaitable<absl::StatusOr<Stored>> TurnStore::Next(std::string conversation_id, uint64_t sequence,
                                                  Deadline deadline) {
  std::string subject = Subject(conversation_id);
  absl::StatusOr<bus::Message> message = co_await bus::DirectGetNext(
      bus_, runtime::kTurnsStream, std::move(subject), sequence, deadline);
  co_return Decode(message);
}

Awaitable<absl::StatusOr<Stored>> TurnStore::FindTurn(std::string conversation_id,
                                                      std::string turn_id, Deadline deadline,
                                                      uint64_t sequence) {
  for (;;) {
    absl::StatusOr<Stored> stored = co_await Next(conversation_id, sequence, deadline);
    if (!stored.ok()) co_return stored.status();
    if (stored->record.turn().reply().turn_id() == turn_id) co_return stored;
    sequence = stored->sequence + 1;
  }
}

Awaitable<absl::Status> TurnStore::Commit(runtime::Context context, v1::ConversationRecord record,
                                          uint64_t expected_sequence, std::string summary) {
  bus::Headers headers = runtime::RequestHeaders(context, record.GetTypeName(), sender_);
  headers.emplace_back(runtime::kHeaderSummary, std::move(summary));
  bus::PublishOptions options;
  options.expected_last_subject_sequence = expected_sequence;
  // One record follows another: the id makes the server keep that also where it does not check the
  // expectation atomically (docs/adr/0011-one-successor.md).
  options.message_id = StrCat(record.conversation().id(), "/after-", expected_sequence);
  std::string subject = Subject(record.conversation().id());
  std::string payload = runtime::Encode(record);
  absl::StatusOr<bus::PublishAck> ack =
      co_await bus::PublishToStream(bus_, std::move(subject), std::move(headers),
                                    std::move(payload), std::move(options), context.deadline);
  if (!ack.ok()) co_return ack.status();
  if (ack->duplicate) co_return absl::AbortedError("a record follows already");
  co_return absl::OkStatus();
}

}  // namespace switchboard::conversation
