// Callers that wait for the outcome of an asynchronous turn. While anybody waits, one subscription
// hears of every record that is stored and of every turn that dies; whoever waits for that
// conversation looks again. A second's silence is a reason to look, too: news may be lost.
// On the loop.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/bus/connection.h"

namespace switchboard::gateway {

class Outcomes {
 public:
  // `waiting_max`: callers at once; more are refused.
  Outcomes(bus::Connection& bus, int waiting_max);

  // One caller's place, left when it is destroyed. May outlive the Outcomes.
  class Place {
   public:
    ~Place();
    // Returns when there may be news, or after `limit`. News since the last call counts.
    Awaitable<void> WaitForNews(std::chrono::milliseconds limit);
    // The process is leaving: nobody should wait any longer.
    bool closing() const;

   private:
    friend class Outcomes;
    struct Room;
    Place(std::shared_ptr<Room> room, std::string conversation_id);
    const std::shared_ptr<Room> room_;
    const std::string conversation_id_;
    bool news_ = false;
    Timer wake_;
  };

  // Unavailable: too many wait already, or the process is leaving.
  absl::StatusOr<std::unique_ptr<Place>> Enter(std::string conversation_id);
  // Sends everybody who waits away with what is known.
  void Close();

 private:
  const std::shared_ptr<Place::Room> room_;
};

}  // namespace switchboard::gateway
