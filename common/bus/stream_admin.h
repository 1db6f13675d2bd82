// What operators' commands ask of streams: their state, their consumers, removal.
// JetStream's JSON API over plain requests (ADR-2).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/bus/connection.h"

namespace switchboard::bus {

struct StreamState {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  uint64_t consumers = 0;
  // Its bound; 0: none.
  uint64_t messages_max = 0;
};

struct ConsumerPosition {
  std::string name;
  uint64_t delivered_sequence = 0;
  // All up to here are acknowledged.
  uint64_t ack_floor_sequence = 0;
};

// NotFound: no such stream. Unavailable: nobody can tell now (no leader, no JetStream).
Awaitable<absl::StatusOr<StreamState>> ReadStreamState(Connection& connection, std::string stream,
                                                       Deadline deadline);
// Messages of each subject that `filter` matches, for the first 100,000 subjects (the server's
// page). The same errors.
Awaitable<absl::StatusOr<std::map<std::string, uint64_t>>> CountBySubject(Connection& connection,
                                                                          std::string stream,
                                                                          std::string filter,
                                                                          Deadline deadline);
Awaitable<absl::StatusOr<std::vector<ConsumerPosition>>> ListConsumers(Connection& connection,
                                                                       std::string stream,
                                                                       Deadline deadline);
// NotFound: no such stream or consumer.
Awaitable<absl::StatusOr<ConsumerPosition>> ReadConsumerPosition(Connection& connection,
                                                                 std::string stream,
                                                                 std::string consumer,
                                                                 Deadline deadline);
// The stream that stores `subject`. NotFound: none does.
Awaitable<absl::StatusOr<std::string>> StreamOfSubject(Connection& connection, std::string subject,
                                                       Deadline deadline);

Awaitable<absl::Status> DeleteStream(Connection& connection, std::string stream, Deadline deadline);
// Ok also when there is none.
Awaitable<absl::Status> DeleteConsumer(Connection& connection, std::string stream,
                                       std::string consumer, Deadline deadline);

}  // namespace switchboard::bus
