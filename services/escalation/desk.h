// The desk: opens one ticket for each committed turn that called a person, and reads tickets.
//
// A durable consumer on TURNS sees every committed turn at least once, on any replica. The ticket
// is created under its id in the key-value bucket `tickets`; a second creation fails, so a
// redelivery opens nothing twice. Then `mesh.event.escalation.opened` goes to EVENTS with the
// ticket's id as message id. What cannot be read goes to DEAD, whole. Lives as long as the agent,
// on its loop.
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "common/bus/jetstream.h"
#include "common/bus/key_value.h"
#include "common/runtime/agent.h"
#include "switchboard/v1/agents.pb.h"
#include "switchboard/v1/operator.pb.h"

namespace switchboard::escalation {

inline constexpr char kTicketsBucket[] = "tickets";
inline constexpr char kOpenedSubject[] = "mesh.event.escalation.opened";

class Desk {
 public:
  explicit Desk(runtime::Agent& agent);

  // Makes sure of streams and bucket.
  Awaitable<absl::Status> Prepare();
  // Consumes until Stop().
  Awaitable<void> Run();
  void Stop();

  // NotFound: no ticket of this id.
  Awaitable<absl::StatusOr<v1::Ticket>> Read(std::string ticket_id, Deadline deadline);

  // A record that went to the dead letters and stands in TURNS still. InvalidArgument when it
  // cannot be handled now either.
  Awaitable<absl::StatusOr<v1::RedeliverReply>> Redeliver(v1::RedeliverRequest request);

 private:
  Awaitable<absl::Status> HandleBatch(std::span<const bus::Message> batch);
  Awaitable<absl::Status> HandleRecord(const bus::Message* message);
  // `redelivered`: an earlier attempt may have stored the ticket and not told of it.
  Awaitable<absl::Status> Open(v1::Ticket ticket, bool redelivered);
  Awaitable<absl::Status> Announce(v1::Ticket ticket);

  runtime::Agent& agent_;
  bus::KeyValue tickets_;
  bus::Consumer consumer_;
};

}  // namespace switchboard::escalation
