#include "common/conversation/work_queue.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/bus/stream_admin.h"
#include "common/conversation/state.h"
#include "common/runtime/call.h"
#include "common/runtime/streams.h"

namespace switchboard::conversation {
namespace {

// A UUID's length: where the turn's part of a name begins.
constexpr size_t kConversationIdLength = 36;
// As TurnRequest.turn_id.
constexpr size_t kTurnIdLengthMax = 128;

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool IsTurnId(std::string_view text) {
  if (text.empty() || text.size() > kTurnIdLengthMax) return false;
  for (const char c : text) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

// Of one acceptance: the first, and another if what it met has gone since.
constexpr int kAcceptAttemptsMax = 2;
// One part in so many of WORK is not for turns: a tenth holds the webhooks of 20,000 turns, and
// what all gateways accept between two looks.
constexpr uint64_t kReserveShare = 10;
constexpr std::chrono::milliseconds kLookInterval{1000};
// Callers come back after so long when the queue is full.
constexpr int kFullRetryAfterMs = 2000;

absl::Status Full() {
  return WithRemedy(
      WithRetryAfterMs(absl::UnavailableError("as many turns wait as the queue takes"),
                       kFullRetryAfterMs),
      "send it again with the same id after Retry-After");
}

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

// Headers of something that is stored: how long its sender would have waited is not part of it.
bus::Headers StoredHeaders(const runtime::Context& context, std::string_view type,
                           std::string_view sender) {
  bus::Headers headers = runtime::RequestHeaders(context, type, sender);
  std::erase_if(headers, [](const auto& h) { return h.first == runtime::kHeaderDeadline; });
  return headers;
}

}  // namespace

bus::ConsumerConfig WorkConsumerConfig(const char* durable, const char* prefix,
                                       const std::vector<std::chrono::milliseconds>& backoff) {
  bus::ConsumerConfig config;
  config.stream = runtime::kWorkStream;
  config.durable = durable;
  config.filter_subject = StrCat(prefix, ">");
  config.deliveries_max = static_cast<int>(backoff.size()) + 1;
  config.backoff = backoff;
  return config;
}

// A third of the shortest pause: two lost words in a row do not cost a delivery.
bus::WorkConsumer::Options WorkConsumerOptions(
    int in_flight_max, const std::vector<std::chrono::milliseconds>& backoff) {
  const auto shortest = *std::min_element(backoff.begin(), backoff.end());
  return {.in_flight_max = in_flight_max,
          .working_interval = std::min(std::chrono::milliseconds(300), shortest / 3)};
}

std::string TurnToken(std::string_view turn_id) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string token;
  token.reserve(turn_id.size());
  for (const char c : turn_id) {
    if (IsPlain(c)) {
      token.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    token.push_back('%');
    token.push_back(kDigits[byte >> 4]);
    token.push_back(kDigits[byte & 15]);
  }
  return token;
}

absl::StatusOr<std::string> TurnIdOfToken(std::string_view token) {
  const absl::Status wrong = absl::InvalidArgumentError("the subject names no turn");
  std::string id;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '%') {
      id.push_back(token[i]);
      continue;
    }
    const int high = i + 2 < token.size() ? HexDigit(token[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(token[i + 2]) : -1;
    if (low < 0) return wrong;
    id.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  // One spelling only: another subject for the same turn would be another message.
  if (!IsTurnId(id) || TurnToken(id) != token) return wrong;
  return id;
}

std::string TurnName::Id() const { return StrCat(conversation_id, ".", turn_id); }

std::string TurnName::Suffix() const { return StrCat(conversation_id, ".", TurnToken(turn_id)); }

std::optional<TurnName> ParseTurnName(std::string_view id) {
  if (id.size() < kConversationIdLength + 2 || id[kConversationIdLength] != '.') {
    return std::nullopt;
  }
  TurnName name{AsciiStrToLower(id.substr(0, kConversationIdLength)),
                std::string(id.substr(kConversationIdLength + 1))};
  if (!IsUuid(name.conversation_id) || !IsTurnId(name.turn_id)) return std::nullopt;
  return name;
}

std::optional<TurnName> TurnOfSubject(std::string_view subject, std::string_view prefix) {
  if (!subject.starts_with(prefix)) return std::nullopt;
  const std::string_view suffix = subject.substr(prefix.size());
  if (suffix.size() < kConversationIdLength + 2 || suffix[kConversationIdLength] != '.') {
    return std::nullopt;
  }
  absl::StatusOr<std::string> turn_id = TurnIdOfToken(suffix.substr(kConversationIdLength + 1));
  if (!turn_id.ok() || !IsUuid(suffix.substr(0, kConversationIdLength))) return std::nullopt;
  return TurnName{std::string(suffix.substr(0, kConversationIdLength)), *std::move(turn_id)};
}

absl::Status UnknownTurn() {
  return WithRemedy(WithField(absl::NotFoundError("there is no such turn"), "id"),
                    "use the Location or Content-Location of an earlier reply");
}

v1::TurnStatus StatusOf(const TurnName& name, v1::TurnStatus::State state) {
  v1::TurnStatus status;
  status.set_id(name.Id());
  status.set_turn_id(name.turn_id);
  status.set_conversation_id(name.conversation_id);
  status.set_state(state);
  return status;
}

v1::TurnStatus AnsweredStatus(const TurnName& name, v1::TurnReply reply) {
  v1::TurnStatus status = StatusOf(name, v1::TurnStatus::ANSWERED);
  *status.mutable_reply() = std::move(reply);
  return status;
}

v1::TurnStatus DeadStatus(const TurnName& name, std::string reason) {
  v1::TurnStatus status = StatusOf(name, v1::TurnStatus::DEAD);
  status.set_reason(std::move(reason));
  return status;
}

Awaitable<absl::StatusOr<v1::TurnStatus>> WorkQueue::Accept(runtime::Context context,
                                                            v1::TurnWork work) {
  v1::TurnRequest& request = *work.mutable_request();
  const TurnName name{request.conversation_id(), request.turn_id()};
  absl::StatusOr<Beginning> beginning = co_await store_.Begin(request, context.deadline);
  if (!beginning.ok()) co_return beginning.status();
  if (beginning->answered) co_return AnsweredStatus(name, beginning->answered->reply());
  // No conversation for a turn that is not taken; one that was accepted before has its own.
  const bool opens = beginning->before.sequence == 0;
  if (opens && co_await IsFull(context.deadline)) co_return Full();
  absl::Status open = co_await EnsureConversation(context, request, *std::move(beginning));
  if (!open.ok()) co_return open;
  // Whoever takes the turn finds the conversation, or makes it from this request.
  request.set_opens_conversation(false);
  request.set_may_open_conversation(true);
  request.set_stream(false);
  if (request.client_key()) {
    absl::StatusOr<v1::TurnStatus> before =
        co_await FindUnanswered(name, request, context.deadline);
    if (!absl::IsNotFound(before.status())) co_return before;
  }
  if (co_await IsFull(context.deadline)) co_return Full();
  SetTimestamp(*work.mutable_accepted_at(), NowMs());
  std::string message_id = StrCat("turn/", name.Suffix(), "/", Fingerprint(request));
  for (int attempt = 1; attempt <= kAcceptAttemptsMax; ++attempt) {
    absl::StatusOr<bus::PublishAck> ack = co_await StoreTurn(context, work, message_id);
    if (absl::IsResourceExhausted(ack.status())) co_return Full();
    const bool there = absl::IsAborted(ack.status()) || (ack.ok() && ack->duplicate);
    if (!ack.ok() && !there) co_return ack.status();
    if (!there) co_return StatusOf(name, v1::TurnStatus::ACCEPTED);
    // Sent before, by us or for the same id: what stands there now, or has been answered since.
    absl::StatusOr<v1::TurnStatus> stands =
        co_await FindUnanswered(name, request, context.deadline);
    if (!absl::IsNotFound(stands.status())) co_return stands;
    absl::StatusOr<v1::TurnReply> answer = co_await FindAnswer(name, context.deadline);
    if (answer.ok()) co_return AnsweredStatus(name, *std::move(answer));
    if (!absl::IsNotFound(answer.status())) co_return answer.status();
    // The server remembers a message that was taken away since: another id, or none is stored.
    message_id = StrCat("turn/", NewUuid());
  }
  co_return absl::UnavailableError("the turn comes and goes");
}

Awaitable<bool> WorkQueue::IsFull(Deadline deadline) {
  if (!look_again_.expired()) co_return full_;
  look_again_ = Deadline::After(kLookInterval);
  absl::StatusOr<bus::StreamState> state =
      co_await bus::ReadStreamState(bus_, runtime::kWorkStream, deadline.Child(kLookInterval));
  if (state.ok()) {
    const uint64_t reserve = state->messages_max / kReserveShare;
    full_ = reserve > 0 && state->messages + reserve >= state->messages_max;
  }
  co_return full_;
}

Awaitable<absl::StatusOr<bus::PublishAck>> WorkQueue::StoreTurn(runtime::Context context,
                                                                v1::TurnWork work,
                                                                std::string message_id) {
  bus::Headers headers = StoredHeaders(context, work.GetTypeName(), sender_);
  bus::PublishOptions options;
  options.message_id = std::move(message_id);
  options.expected_last_subject_sequence = 0;
  const TurnName name{work.request().conversation_id(), work.request().turn_id()};
  std::string subject = kWorkTurnPrefix + name.Suffix();
  std::string payload = runtime::Encode(work);
  return bus::PublishToStream(bus_, std::move(subject), std::move(headers), std::move(payload),
                              std::move(options), context.deadline);
}

Awaitable<absl::Status> WorkQueue::EnsureConversation(runtime::Context context,
                                                      v1::TurnRequest request,
                                                      Beginning beginning) {
  if (beginning.before.sequence > 0) co_return absl::OkStatus();
  v1::ConversationRecord record = std::move(beginning.before.record);
  record.mutable_opened();
  SetTimestamp(*record.mutable_recorded_at(), NowMs());
  record.set_traceparent(context.trace.traceparent());
  const Deadline deadline = context.deadline;
  std::string summary = "conversation opened";
  absl::Status opened =
      co_await store_.Commit(std::move(context), std::move(record), 0, std::move(summary));
  if (!absl::IsAborted(opened)) co_return opened;
  // Somebody opened it at the same moment; it must be the same principal.
  request.set_opens_conversation(false);
  absl::StatusOr<Beginning> again = co_await store_.Begin(std::move(request), deadline);
  co_return again.status();
}

Awaitable<absl::StatusOr<v1::TurnStatus>> WorkQueue::FindUnanswered(
    TurnName name, std::optional<v1::TurnRequest> asked, Deadline deadline) {
  std::string dead_subject = kDeadTurnPrefix + name.Suffix();
  absl::StatusOr<bus::Message> found =
      co_await bus::DirectGetLast(bus_, runtime::kDeadStream, std::move(dead_subject), deadline);
  const bool dead = found.ok();
  if (absl::IsNotFound(found.status())) {
    std::string subject = kWorkTurnPrefix + name.Suffix();
    found = co_await bus::DirectGetLast(bus_, runtime::kWorkStream, std::move(subject), deadline);
  }
  if (!found.ok()) co_return found.status();
  if (asked) {
    v1::TurnWork stored;
    const std::string_view payload = found->payload();
    const bool read = stored.ParseFromArray(payload.data(), static_cast<int>(payload.size()));
    if (!read || Fingerprint(stored.request()) != Fingerprint(*asked)) co_return KeyReused();
  }
  if (!dead) co_return StatusOf(name, v1::TurnStatus::ACCEPTED);
  co_return DeadStatus(name, std::string(found->Header(runtime::kHeaderDeadReason)));
}

Awaitable<absl::StatusOr<v1::TurnStatus>> WorkQueue::LookUp(TurnWatch* watch, Deadline deadline) {
  absl::StatusOr<Stored> last = co_await store_.Load(watch->name.conversation_id, deadline);
  if (absl::IsNotFound(last.status())) co_return UnknownTurn();
  if (!last.ok()) co_return last.status();
  if (last->record.conversation().principal() != watch->principal) co_return UnknownTurn();
  absl::StatusOr<v1::TurnReply> answer = co_await SearchAnswer(watch, *std::move(last), deadline);
  if (answer.ok()) co_return AnsweredStatus(watch->name, *std::move(answer));
  if (!absl::IsNotFound(answer.status())) co_return answer.status();
  std::optional<v1::TurnRequest> whatever;
  absl::StatusOr<v1::TurnStatus> stands =
      co_await FindUnanswered(watch->name, std::move(whatever), deadline);
  if (!absl::IsNotFound(stands.status())) co_return stands;
  // It may have been answered, and taken from WORK, between the two looks.
  last = co_await store_.Load(watch->name.conversation_id, deadline);
  if (!last.ok()) co_return last.status();
  answer = co_await SearchAnswer(watch, *std::move(last), deadline);
  if (answer.ok()) co_return AnsweredStatus(watch->name, *std::move(answer));
  if (absl::IsNotFound(answer.status())) co_return UnknownTurn();
  co_return answer.status();
}

Awaitable<absl::StatusOr<v1::TurnReply>> WorkQueue::FindAnswer(TurnName name, Deadline deadline) {
  absl::StatusOr<Stored> last = co_await store_.Load(name.conversation_id, deadline);
  if (!last.ok()) co_return last.status();
  TurnWatch watch{.name = std::move(name), .principal = {}, .seen_sequence = 0};
  co_return co_await SearchAnswer(&watch, *std::move(last), deadline);
}

Awaitable<absl::StatusOr<v1::TurnReply>> WorkQueue::SearchAnswer(TurnWatch* watch, Stored last,
                                                                 Deadline deadline) {
  const absl::Status none = absl::NotFoundError("not answered");
  if (last.record.turn().reply().turn_id() == watch->name.turn_id) {
    co_return last.record.turn().reply();
  }
  const v1::Conversation& conversation = last.record.conversation();
  const bool in_window = FindExchange(conversation, watch->name.turn_id) != nullptr;
  const bool older = conversation.turn_count() > static_cast<uint32_t>(conversation.window_size());
  if (!in_window && !older) co_return none;
  while (watch->seen_sequence < last.sequence) {
    absl::StatusOr<Stored> next =
        co_await store_.Next(watch->name.conversation_id, watch->seen_sequence + 1, deadline);
    if (absl::IsNotFound(next.status())) break;
    if (!next.ok()) co_return next.status();
    if (next->record.turn().reply().turn_id() == watch->name.turn_id) {
      co_return next->record.turn().reply();
    }
    watch->seen_sequence = next->sequence;
  }
  co_return none;
}

WorkQueue::News WorkQueue::MakeNews(const runtime::Context& context, std::string url,
                                    v1::TurnStatus outcome) const {
  const TurnName name{outcome.conversation_id(), outcome.turn_id()};
  v1::WebhookWork work;
  work.set_url(std::move(url));
  *work.mutable_outcome() = std::move(outcome);
  SetTimestamp(*work.mutable_completed_at(), NowMs());
  return {
      .suffix = name.Suffix(),
      .message_id = StrCat("webhook/", name.Id(), "/", static_cast<int>(work.outcome().state())),
      .headers = StoredHeaders(context, work.GetTypeName(), sender_),
      .payload = runtime::Encode(work)};
}

Awaitable<absl::Status> WorkQueue::StoreWebhook(runtime::Context context, std::string url,
                                                v1::TurnStatus outcome) {
  News news = MakeNews(context, std::move(url), std::move(outcome));
  bus::PublishOptions options;
  options.message_id = std::move(news.message_id);
  std::string subject = kWorkWebhookPrefix + news.suffix;
  absl::StatusOr<bus::PublishAck> ack =
      co_await bus::PublishToStream(bus_, std::move(subject), std::move(news.headers),
                                    std::move(news.payload), std::move(options), context.deadline);
  co_return ack.status();
}

Awaitable<absl::Status> WorkQueue::BuryWebhook(runtime::Context context, std::string url,
                                               v1::TurnStatus outcome, std::string reason) {
  News news = MakeNews(context, std::move(url), std::move(outcome));
  const bus::Message message =
      bus::Message::Make(kWorkWebhookPrefix + news.suffix, "", news.headers, news.payload);
  runtime::DeadLetterNote note;
  note.origin = "webhook";
  note.suffix = std::move(news.suffix);
  note.reason = std::move(reason);
  co_return co_await runtime::DeadLetter(bus_, std::move(note), &message, context.deadline);
}

}  // namespace switchboard::conversation
