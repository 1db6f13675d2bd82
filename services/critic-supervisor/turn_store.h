// The stream TURNS as the supervisor uses it: one subject a conversation, its last message the state.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/bus/jetstream.h"
#include "common/runtime/context.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::critic_supervisor {

// A conversation as it was read.
struct Stored {
  v1::ConversationRecord record;
  // Of the record in the stream: what a commit expects to be the last. 0: there is none.
  uint64_t sequence = 0;
};

class TurnStore {
 public:
  explicit TurnStore(bus::Connection& bus) : bus_(bus) {}

  // The last record. NotFound: no such conversation. DataLoss: it cannot be read.
  Awaitable<absl::StatusOr<Stored>> Load(std::string conversation_id, Deadline deadline);

  // The first record at or after `sequence`. NotFound: none.
  Awaitable<absl::StatusOr<Stored>> Next(std::string conversation_id, uint64_t sequence, Deadline deadline);

  // The record of that turn, however old. NotFound.
  Awaitable<absl::StatusOr<Stored>> FindTurn(std::string conversation_id, std::string turn_id,
                                             Deadline deadline);

  // Writes `record` after the record of `expected_sequence`. Aborted: another record came between.
  // AlreadyExists: this turn is written. Stored durably when Ok.
  Awaitable<absl::Status> Commit(runtime::Context context, v1::ConversationRecord record,
                                 uint64_t expected_sequence, std::string summary);

 private:
  bus::Connection& bus_;
};

}  // namespace switchboard::critic_supervisor
