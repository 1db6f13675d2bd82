// One simulated JetStream stream: its messages and what may be asked of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/broker.h"

namespace switchboard::sim {

// Rules of JetStream that a test breaks on purpose, to see the auditor notice.
struct Sabotage {
  bool expected_sequence_ignored = false;
  bool message_id_ignored = false;
  // Acknowledges a share of the writes without keeping them.
  double writes_lost = 0;
  // The same, of a work queue alone.
  double work_lost = 0;
  // A work queue forgets what it has delivered, whatever becomes of it.
  bool delivery_is_acknowledgement = false;
  // Nobody is told what the server gave up.
  bool advisories_lost = false;
};

struct StoredMessage {
  uint64_t sequence = 0;
  PacketPtr packet;
  Clock::time_point at;
};

class Stream {
 public:
  struct Ack {
    uint64_t sequence = 0;
    bool duplicate = false;
    // JetStream's err_code; 0: stored.
    int error = 0;
  };

  void Configure(const nlohmann::json& config);
  const std::string& name() const { return name_; }
  bool Captures(std::string_view subject) const;
  bool work_queue() const { return work_queue_; }

  Ack Store(const PacketPtr& packet, Simulation& simulation, const Sabotage& sabotage);
  void Remove(uint64_t sequence);
  // By sequence; by subject the last, or the first from `sequence` on. Only what was stored by
  // `as_of`: a replica that is behind knows no more. Null: none.
  const StoredMessage* Get(uint64_t sequence) const;
  const StoredMessage* Last(const std::string& subject, Clock::time_point as_of) const;
  const StoredMessage* Next(std::string_view pattern, uint64_t sequence,
                            Clock::time_point as_of) const;

  const std::map<uint64_t, StoredMessage>& messages() const { return messages_; }
  uint64_t last_sequence() const { return last_sequence_; }
  // Where a message of `subject` is published again once it is stored; empty: nowhere.
  std::string RepublishSubject(std::string_view subject) const;
  bool republish_headers_only() const { return republish_headers_only_; }

 private:
  std::string name_;
  std::vector<std::string> subjects_;
  bool work_queue_ = false;
  Clock::duration duplicate_window_{};
  std::string republish_from_;
  std::string republish_to_;
  bool republish_headers_only_ = false;
  uint64_t last_sequence_ = 0;
  std::map<uint64_t, StoredMessage> messages_;
  std::map<std::string, std::vector<uint64_t>> by_subject_;
  struct Seen {
    uint64_t sequence;
    Clock::time_point at;
  };
  std::map<std::string, Seen> ids_;
};

}  // namespace switchboard::sim
