// The mesh's JetStream streams. Every process that needs one makes sure of all: whoever comes first
// creates them, and they are the same everywhere.
#pragma once

#include "common/bus/jetstream.h"

namespace switchboard::runtime {

inline constexpr char kTurnsStream[] = "TURNS";    // mesh.turn.completed.<conversation>
inline constexpr char kEventsStream[] = "EVENTS";  // mesh.event.<noun>.<past-tense verb>
inline constexpr char kDeadStream[] = "DEAD";      // mesh.dead.<origin>
inline constexpr char kTurnCompletedPrefix[] = "mesh.turn.completed.";

// `replicas`: 1, or 3 on a cluster.
Awaitable<absl::Status> EnsureMeshStreams(bus::Connection& connection, int replicas,
                                          Deadline deadline);

// Puts a message that cannot be handled, whole, into DEAD under `mesh.dead.<origin>` with its
// reason and where it came from as headers (Mesh-Dead-Reason, Mesh-Dead-Subject,
// Mesh-Dead-Sequence).
Awaitable<absl::Status> DeadLetter(bus::Connection& connection, std::string origin,
                                   const bus::Message* message, std::string reason,
                                   Deadline deadline);

}  // namespace switchboard::runtime
