#include "common/runtime/streams.h"

#include "common/base/strings.h"

namespace switchboard::runtime {
namespace {

// Conversations older than this are history; analytics keeps its own.
constexpr std::chrono::hours kTurnsAge{30 * 24};

// A header is one line.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return text;
}

std::vector<bus::StreamConfig> MeshStreams(int replicas, int work_messages_max) {
  std::vector<bus::StreamConfig> streams(4);
  streams[0].name = kTurnsStream;
  streams[0].subjects = {"mesh.turn.completed.>"};
  streams[0].age_max = kTurnsAge;
  streams[0].republish_from = StrCat(kTurnCompletedPrefix, "*");
  streams[0].republish_to = StrCat(kTurnStoredPrefix, "{{wildcard(1)}}");
  streams[0].description = "Completed turns: conversation state, event and audit record in one";
  streams[1].name = kEventsStream;
  streams[1].subjects = {"mesh.event.>"};
  streams[1].age_max = kTurnsAge;
  streams[1].description = "What happened besides turns";
  streams[2].name = kDeadStream;
  streams[2].subjects = {"mesh.dead.>"};
  streams[2].age_max = kTurnsAge;
  streams[2].description = "What could not be handled, whole, with its reason";
  streams[3].name = kWorkStream;
  streams[3].subjects = {"mesh.work.>", kExhaustedSubject};
  streams[3].retention = "workqueue";
  streams[3].messages_max = work_messages_max;
  streams[3].discard_new = true;
  streams[3].description = "Accepted and not yet done: asynchronous turns and webhooks";
  for (bus::StreamConfig& stream : streams) stream.replicas = replicas;
  return streams;
}

}  // namespace

Awaitable<absl::Status> EnsureMeshStreams(bus::Connection& connection, int replicas,
                                          Deadline deadline, int work_messages_max) {
  std::vector<bus::StreamConfig> streams = MeshStreams(replicas, work_messages_max);
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

Awaitable<absl::Status> DeadLetter(bus::Connection& connection, DeadLetterNote note,
                                   const bus::Message* message, Deadline deadline) {
  const std::string from = bus::StoredSubject(*message);
  bus::Headers headers;
  for (auto& header : message->AllHeaders()) {
    // The original's expectations and id are about the stream it was meant for.
    if (header.first.rfind("Nats-", 0) != 0) headers.push_back(std::move(header));
  }
  headers.emplace_back(kHeaderDeadReason, OneLine(std::move(note.reason)));
  headers.emplace_back(kHeaderDeadSubject, from);
  headers.emplace_back(kHeaderDeadSequence, StrCat(message->stream_sequence()));
  if (note.deliveries > 0) headers.emplace_back(kHeaderDeadDeliveries, StrCat(note.deliveries));
  if (!note.history.empty()) {
    headers.emplace_back(kHeaderDeadHistory, OneLine(std::move(note.history)));
  }
  std::string subject =
      StrCat("mesh.dead.", note.origin, note.suffix.empty() ? "" : ".", note.suffix);
  std::string payload(message->payload());
  bus::PublishOptions options;
  if (message->stream_sequence() > 0) {
    options.message_id = StrCat(note.origin, "-", from, "-", message->stream_sequence());
  }
  absl::StatusOr<bus::PublishAck> stored =
      co_await bus::PublishToStream(connection, std::move(subject), std::move(headers),
                                    std::move(payload), std::move(options), deadline);
  co_return stored.status();
}

Awaitable<absl::Status> DeadLetter(bus::Connection& connection, std::string origin,
                                   const bus::Message* message, std::string reason,
                                   Deadline deadline) {
  DeadLetterNote note;
  note.origin = std::move(origin);
  note.reason = std::move(reason);
  return DeadLetter(connection, std::move(note), message, deadline);
}

}  // namespace switchboard::runtime
