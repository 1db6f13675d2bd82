// The mesh's JetStream streams. Every process that needs one makes sure of all: whoever comes first
// creates them, and they are the same everywhere.
#pragma once

#include "common/bus/jetstream.h"

namespace switchboard::runtime {

inline constexpr char kTurnsStream[] = "TURNS";    // mesh.turn.completed.<conversation>
inline constexpr char kEventsStream[] = "EVENTS";  // mesh.event.<noun>.<past-tense verb>
inline constexpr char kDeadStream[] = "DEAD";      // mesh.dead.<origin>[.<conversation>.<turn>]
inline constexpr char kWorkStream[] = "WORK";      // mesh.work.<kind>.<conversation>.<turn>
inline constexpr char kTurnCompletedPrefix[] = "mesh.turn.completed.";

// What the server says once it gives a message of WORK up; stored in WORK itself, so that it waits
// for somebody who buries the message.
inline constexpr char kExhaustedSubject[] = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.WORK.>";
// Published by the server, headers only, for each record stored in TURNS.
inline constexpr char kTurnStoredPrefix[] = "mesh.turn.stored.";

inline constexpr char kHeaderDeadReason[] = "Mesh-Dead-Reason";
inline constexpr char kHeaderDeadSubject[] = "Mesh-Dead-Subject";
inline constexpr char kHeaderDeadSequence[] = "Mesh-Dead-Sequence";
inline constexpr char kHeaderDeadDeliveries[] = "Mesh-Dead-Deliveries";
inline constexpr char kHeaderDeadHistory[] = "Mesh-Dead-History";

// WORK's bound. A turn takes about half a KiB, with the longest text 17 KiB: 100 MB for the usual,
// 3.4 GB for the worst.
inline constexpr int kWorkMessagesMax = 200000;

// `replicas`: 1, or 3 on a cluster.
Awaitable<absl::Status> EnsureMeshStreams(bus::Connection& connection, int replicas,
                                          Deadline deadline,
                                          int work_messages_max = kWorkMessagesMax);

// What goes onto a dead letter beside the message.
struct DeadLetterNote {
  // Who gives up: mesh.dead.<origin>, with ".<suffix>" where each message has its own subject.
  std::string origin;
  std::string suffix;
  std::string reason;
  // Deliveries it had; 0: not known.
  uint64_t deliveries = 0;
  // One line, "<n> <RFC 3339> <instance> <reason>" for each delivery, joined by " | ".
  std::string history;
};
Awaitable<absl::Status> DeadLetter(bus::Connection& connection, DeadLetterNote note,
                                   const bus::Message* message, Deadline deadline);

// Puts a message that cannot be handled, whole, into DEAD under `mesh.dead.<origin>` with its
// reason and where it came from as headers (Mesh-Dead-Reason, Mesh-Dead-Subject,
// Mesh-Dead-Sequence).
Awaitable<absl::Status> DeadLetter(bus::Connection& connection, std::string origin,
                                   const bus::Message* message, std::string reason,
                                   Deadline deadline);

}  // namespace switchboard::runtime
