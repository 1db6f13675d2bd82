// The stream TURNS: one subject a conversation, its last message the state. Beginning and finishing
// a turn here is what makes the same id give the same answer and two turns at once follow one
// another (docs/adr/0004-one-write.md). Used by the supervisor, and by the gateway for its last
// resort.
//
//   CO_ASSIGN_OR_RETURN(Beginning beginning, co_await store.Begin(request, deadline));
//   if (beginning.answered) co_return beginning.answered->reply();
//   …
//   co_await store.Finish(context, request, beginning.before, completed, focus, summary);
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/bus/jetstream.h"
#include "common/runtime/context.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::conversation {

// A conversation as it was read.
struct Stored {
  v1::ConversationRecord record;
  // Of the record in the stream: what a commit expects to be the last. 0: there is none.
  uint64_t sequence = 0;
};

struct Beginning {
  // The state to work from; new (sequence 0) for a conversation that begins with this turn.
  Stored before;
  // This turn was answered already: give this back.
  std::optional<v1::TurnCompleted> answered;
};

// NotFound, naming conversation_id: what everybody hears who may not know whether it exists.
absl::Status UnknownConversation();
// AlreadyExists, naming Idempotency-Key: the turn id stands for another request.
absl::Status KeyReused();

class TurnStore {
 public:
  // `sender` names the process in the headers of what it writes.
  TurnStore(bus::Connection& bus, std::string sender) : bus_(bus), sender_(std::move(sender)) {}

  // NotFound: no such conversation, or another principal's. FailedPrecondition: it is closed.
  // AlreadyExists: the turn id was used for another request.
  Awaitable<absl::StatusOr<Beginning>> Begin(v1::TurnRequest request, Deadline deadline);

  // Writes the turn after `before`, or after what others have written since; gives back what
  // stands: this turn, or the one of the same id that was quicker. Unavailable: perhaps not stored;
  // the same id may come again and gets what stands.
  Awaitable<absl::StatusOr<v1::TurnCompleted>> Finish(runtime::Context context,
                                                      v1::TurnRequest request, Stored before,
                                                      v1::TurnCompleted completed, v1::Focus focus,
                                                      std::string summary);

  // The last record. NotFound: no such conversation. DataLoss: it cannot be read.
  Awaitable<absl::StatusOr<Stored>> Load(std::string conversation_id, Deadline deadline);

  // The first record at or after `sequence`. NotFound: none.
  Awaitable<absl::StatusOr<Stored>> Next(std::string conversation_id, uint64_t sequence,
                                         Deadline deadline);

  // The record of that turn, at or after `sequence`. NotFound.
  Awaitable<absl::StatusOr<Stored>> FindTurn(std::string conversation_id, std::string turn_id,
                                             Deadline deadline, uint64_t sequence = 1);

  // Writes `record` after the record of `expected_sequence`. Aborted: another record came between,
  // or this very one, whose acknowledgement was lost. Stored durably when Ok.
  Awaitable<absl::Status> Commit(runtime::Context context, v1::ConversationRecord record,
                                 uint64_t expected_sequence, std::string summary);

 private:
  bus::Connection& bus_;
  const std::string sender_;
};

}  // namespace switchboard::conversation
