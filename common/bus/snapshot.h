// A stream as a file and back: JetStream's snapshot API, with the stream's configuration, messages
// and consumers.
//
// The pieces put together are the `stream.tar.s2` of the `nats` tool's backups, and `description`
// is their `backup.json`: either tool reads what the other wrote. Nothing here looks inside.
//
//   auto taken = co_await SnapshotStream(bus, "TURNS", [&](std::string_view piece) {…}, silence);
//   auto state = co_await RestoreStream(bus, "TURNS", taken->description, read, options);
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "common/bus/stream_admin.h"

namespace switchboard::bus {

struct Snapshot {
  // The server's own JSON: configuration and state.
  std::string description;
  StreamState state;
  // Bytes given to the sink.
  uint64_t bytes = 0;
};

// Bytes of one piece: jsm.go's default. Each is acknowledged; the server has at most 8 MiB on the
// way.
inline constexpr int kSnapshotPieceBytes = 128 << 10;

// Takes the stream as it is now; it goes on being written meanwhile. `sink` gets the pieces in
// order, on the loop; its error ends the snapshot. NotFound: no such stream. DeadlineExceeded:
// nothing came for `silence_max`. The server checks the messages' checksums first.
Awaitable<absl::StatusOr<Snapshot>> SnapshotStream(
    Connection& connection, std::string stream, std::function<absl::Status(std::string_view)> sink,
    std::chrono::milliseconds silence_max);

struct RestoreOptions {
  // Copies of the stream in the cluster it goes to; 0: as in the snapshot.
  int replicas = 0;
  // For each piece, and for the server's work at the end.
  std::chrono::milliseconds silence_max{60000};
};

// Makes the stream anew from a snapshot. `next` gives the next piece, at most kSnapshotPieceBytes;
// empty: that was all. FailedPrecondition: the stream exists, or the server does not take the
// snapshot. After an error no stream was made: the server makes it at the end or not at all.
Awaitable<absl::StatusOr<StreamState>> RestoreStream(
    Connection& connection, std::string stream, std::string description,
    std::function<absl::StatusOr<std::string>()> next, RestoreOptions options);

}  // namespace switchboard::bus
