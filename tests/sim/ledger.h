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

// Names no turn: what is stored under it in WORK belongs into DEAD.
inline constexpr char kNonsense[] = "nonsense";

// Something that was asked of a gateway.
struct Asked {
  // Empty: a new conversation, whose id only its answer tells.
  std::string conversation_id;
  std::string turn_id;
  std::string text;
  Deadline deadline{Clock::time_point()};
  // Told while nothing is wrong with the world: it must be answered.
  bool must_answer = false;

  bool ended = false;
  Clock::time_point ended_at{};
  // Until when the gateway was stopped: an answer could not leave it before.
  Clock::time_point stopped_until{};
  // What it may take after that: a look's limits are reckoned by the gateway, from when it looks.
  Clock::duration patience{0};
};

struct Attempt : Asked {
  absl::StatusOr<v1::TurnReply> outcome = absl::UnknownError("");
};

// A turn to be answered later, or a look at where one stands.
struct Inquiry : Asked {
  Clock::time_point asked_at{};
  absl::StatusOr<v1::TurnStatus> outcome = absl::UnknownError("");
};

struct Ledger {
  std::deque<Attempt> attempts;
  std::deque<Inquiry> submissions;
  // Each at a turn that was accepted before.
  std::deque<Inquiry> looks;
  // Conversations that the mesh has confirmed.
  std::set<std::string> confirmed;
  // What a participant has noticed itself.
  std::vector<std::string> complaints;
};

}  // namespace switchboard::sim
