// What the customers of a simulation have asked and heard.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::sim {

struct Attempt {
  // Empty: a new conversation, whose id only its answer tells.
  std::string conversation_id;
  std::string turn_id;
  std::string text;
  Deadline deadline;
  // Told while nothing is wrong with the world: it must be answered.
  bool must_answer = false;

  bool ended = false;
  Clock::time_point ended_at{};
  // Until when the gateway was stopped: an answer could not leave it before.
  Clock::time_point stopped_until{};
  absl::StatusOr<v1::TurnReply> outcome = absl::UnknownError("");
};

struct Ledger {
  std::deque<Attempt> attempts;
  // Conversations that the mesh has confirmed.
  std::set<std::string> confirmed;
  // What a participant has noticed itself.
  std::vector<std::string> complaints;
};

}  // namespace switchboard::sim
