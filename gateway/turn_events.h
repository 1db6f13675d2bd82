// A turn's events as server-sent events: progress, sentence, restart, and as the last one final or
// dead. Each id is the turn's, a colon, and a number from 1 or, for the last one, "final": a client
// that comes back says by Last-Event-ID what it has seen.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "gateway/http_message.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::gateway {

// What a Last-Event-ID says about a turn.
enum class Seen {
  kNothing,  // it is empty, or about another turn
  kBegun,
  kFinal,
};
Seen SeenOf(std::string_view last_event_id, std::string_view turn_id);

class TurnEventWriter {
 public:
  explicit TurnEventWriter(std::string turn_id) : turn_id_(std::move(turn_id)) {}

  ServerSentEvent Format(const v1::TurnEvent& event);
  ServerSentEvent Format(const v1::TurnReply& reply);
  // The outcome of an asynchronous turn: final (a TurnReply), dead, or, without an id, accepted.
  ServerSentEvent Format(const v1::TurnStatus& status);

 private:
  ServerSentEvent Numbered(std::string name, std::string data);

  const std::string turn_id_;
  int sequence_ = 0;
};

}  // namespace switchboard::gateway
