#include "services/critic-supervisor/turn_store.h"

#include "common/base/strings.h"
#include "common/runtime/call.h"
#include "common/runtime/streams.h"

namespace switchboard::critic_supervisor {
namespace {

constexpr char kSender[] = "critic-supervisor";

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

}  // namespace

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

Awaitable<absl::StatusOr<Stored>> TurnStore::FindTurn(std::string conversation_id, std::string turn_id,
                                                      Deadline deadline) {
  uint64_t sequence = 1;
  for (;;) {
    absl::StatusOr<Stored> stored = co_await Next(conversation_id, sequence, deadline);
    if (!stored.ok()) co_return stored.status();
    if (stored->record.turn().reply().turn_id() == turn_id) co_return stored;
    sequence = stored->sequence + 1;
  }
}

Awaitable<absl::Status> TurnStore::Commit(runtime::Context context, v1::ConversationRecord record,
                                          uint64_t expected_sequence, std::string summary) {
  bus::Headers headers = runtime::RequestHeaders(context, record.GetTypeName(), kSender);
  headers.emplace_back(runtime::kHeaderSummary, std::move(summary));
  bus::PublishOptions options;
  options.expected_last_subject_sequence = expected_sequence;
  // Turn ids are the client's: only together with the conversation are they anybody's own.
  options.message_id = record.has_turn()
                           ? StrCat(record.conversation().id(), "/", record.turn().reply().turn_id())
                           : StrCat(record.conversation().id(), "/opened");
  std::string subject = Subject(record.conversation().id());
  std::string payload = runtime::Encode(record);
  absl::StatusOr<bus::PublishAck> ack =
      co_await bus::PublishToStream(bus_, std::move(subject), std::move(headers), std::move(payload),
                                    std::move(options), context.deadline);
  if (!ack.ok()) co_return ack.status();
  if (ack->duplicate) co_return absl::AlreadyExistsError("this turn is written already");
  co_return absl::OkStatus();
}

}  // namespace switchboard::critic_supervisor
