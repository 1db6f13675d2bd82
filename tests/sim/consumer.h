// A simulated durable pull consumer with explicit acknowledgements.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/sim/stream.h"

namespace switchboard::sim {

class Consumer {
 public:
  Consumer(Broker& broker, Stream& stream, std::string name);

  void Configure(const nlohmann::json& config);
  // A pull request: {"batch", "expires", "no_wait"}; what comes goes to `reply`.
  void Pull(const std::string& reply, const nlohmann::json& request);
  // "+ACK", "-NAK", "+TERM", "+WPI" for the delivery of `sequence`.
  void Acknowledge(uint64_t sequence, std::string_view word);
  // The stream has something new.
  void Pump();
  // As the server tells it: {"delivered": {"stream_seq"}, "num_ack_pending"}.
  nlohmann::json Info() const;

 private:
  struct Request {
    std::string reply;
    int64_t left = 1;
    uint64_t number = 0;
  };
  struct Pending {
    int deliveries = 0;
    // Counts deliveries and signs of life: an earlier timer has nothing to say.
    uint64_t turn = 0;
    bool waiting = false;  // for its acknowledgement; else for its next delivery
    Clock::time_point due{};
  };

  bool DeliverOne();
  const StoredMessage* NextMessage(Pending** pending);
  void Exhausted(uint64_t sequence, int deliveries);
  void WaitForAck(uint64_t sequence);
  void DeliverLater(uint64_t sequence, Clock::duration delay);
  void EndRequest(uint64_t number, std::string_view status);
  Clock::duration AckWait(int deliveries) const;
  size_t AcksPending() const;

  Broker& broker_;
  Stream& stream_;
  const std::string name_;
  std::string filter_;
  Clock::duration ack_wait_{};
  std::vector<Clock::duration> backoff_;
  int deliveries_max_ = -1;
  size_t acks_pending_max_ = 1000;
  uint64_t next_sequence_ = 1;
  uint64_t delivered_ = 0;
  uint64_t last_number_ = 0;
  std::deque<Request> requests_;
  std::map<uint64_t, Pending> pending_;
};

}  // namespace switchboard::sim
