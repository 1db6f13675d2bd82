#include "common/runtime/streams.h"

#include "common/base/strings.h"

namespace switchboard::runtime {
namespace {

// Conversations older than this are history; analytics keeps its own.
constexpr std::chrono::hours kTurnsAge{30 * 24};

std::vector<bus::StreamConfig> MeshStreams(int replicas) {
  std::vector<bus::StreamConfig> streams(3);
  streams[0].name = kTurnsStream;
  streams[0].subjects = {"mesh.turn.completed.>"};
  streams[0].age_max = kTurnsAge;
  streams[0].description = "Completed turns: conversation state, event and audit record in one";
  streams[1].name = kEventsStream;
  streams[1].subjects = {"mesh.event.>"};
  streams[1].age_max = kTurnsAge;
  streams[1].description = "What happened besides turns";
  streams[2].name = kDeadStream;
  streams[2].subjects = {"mesh.dead.>"};
  streams[2].age_max = kTurnsAge;
  streams[2].description = "What could not be handled, whole, with its reason";
  for (bus::StreamConfig& stream : streams) stream.replicas = replicas;
  return streams;
}

}  // namespace

Awaitable<absl::Status> EnsureMeshStreams(bus::Connection& connection, int replicas,
                                          Deadline deadline) {
  std::vector<bus::StreamConfig> streams = MeshStreams(replicas);
  for (bus::StreamConfig& stream : streams) {
    const std::string name = stream.name;
    absl::Status status = co_await bus::EnsureStream(connection, std::move(stream), deadline);
    if (!status.ok()) {
      co_return absl::Status(status.code(), StrCat("stream ", name, ": ", status.message(),
                                                   " (is JetStream on? nats-server -js)"));
    }
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> DeadLetter(bus::Connection& connection, std::string origin,
                                   const bus::Message* message, std::string reason,
                                   Deadline deadline) {
  bus::Headers headers;
  for (auto& header : message->AllHeaders()) {
    // The original's expectations and id are about the stream it was meant for.
    if (header.first.rfind("Nats-", 0) != 0) headers.push_back(std::move(header));
  }
  headers.emplace_back("Mesh-Dead-Reason", std::move(reason));
  headers.emplace_back("Mesh-Dead-Subject", std::string(message->subject()));
  headers.emplace_back("Mesh-Dead-Sequence", StrCat(message->stream_sequence()));
  std::string subject = "mesh.dead." + origin;
  std::string payload(message->payload());
  bus::PublishOptions options;
  if (message->stream_sequence() > 0) {
    options.message_id = StrCat(origin, "-", message->subject(), "-", message->stream_sequence());
  }
  absl::StatusOr<bus::PublishAck> stored =
      co_await bus::PublishToStream(connection, std::move(subject), std::move(headers),
                                    std::move(payload), std::move(options), deadline);
  co_return stored.status();
}

}  // namespace switchboard::runtime
