// A turn's events as server-sent events: progress, sentence, restart, final. Each id is the turn's
// and a number from 1, so a client can tell what it has seen.
#pragma once

#include <string>
#include <utility>

#include "gateway/http_message.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::gateway {

class TurnEventWriter {
 public:
  explicit TurnEventWriter(std::string turn_id) : turn_id_(std::move(turn_id)) {}

  ServerSentEvent Format(const v1::TurnEvent& event);
  ServerSentEvent Format(const v1::TurnReply& reply);

 private:
  ServerSentEvent Numbered(std::string name, std::string data);

  const std::string turn_id_;
  int sequence_ = 0;
};

}  // namespace switchboard::gateway
