// JetStream from the loop: plain asynchronous requests to the server's API (ADR-2, ADR-31), because
// nats.c's own JetStream calls block.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/bus/connection.h"

namespace switchboard::bus {

struct StreamConfig {
  std::string name;
  std::vector<std::string> subjects;
  // "limits" or "workqueue".
  std::string retention = "limits";
  std::chrono::seconds age_max{0};  // 0: no limit
  int64_t bytes_max = -1;           // -1: no limit
  int64_t messages_max = -1;        // -1: no limit
  int64_t messages_per_subject_max = -1;
  std::chrono::seconds duplicate_window{120};
  int replicas = 1;
  std::string description;
  // A full stream refuses what is new (ResourceExhausted) instead of forgetting what is old. Holds
  // for messages_max only: at bytes_max nats-server 2.9 may still drop the oldest (ADR 7).
  bool discard_new = false;
  // Each stored message is published again, its headers only, under `republish_to` when its subject
  // matches `republish_from` (empty: nothing is). Wildcards stand as {{wildcard(1)}}. A stream that
  // exists without it stays without it: nats-server 2.9 cannot change this.
  std::string republish_from;
  std::string republish_to;
  // What a key-value bucket has switched on (ADR-8): roll-ups, no deletion, refuse when full.
  bool key_value = false;
};

struct ConsumerConfig {
  std::string stream;
  std::string durable;
  std::string filter_subject;  // empty: all
  std::chrono::milliseconds ack_wait{30000};
  int deliveries_max = -1;  // -1: no limit
  int acks_pending_max = 1000;
  // How long the server waits for word about the first, second, … delivery before the next one; the
  // last counts for all further. Replaces ack_wait. Fewer entries than deliveries_max: the server
  // refuses as many.
  std::vector<std::chrono::milliseconds> backoff;
};

struct PublishAck {
  uint64_t sequence = 0;
  // The server had this message id already; `sequence` is the first one's.
  bool duplicate = false;
};

struct PublishOptions {
  // Written as Nats-Msg-Id: the server drops a second one within the stream's duplicate window.
  std::string message_id;
  // The message is stored only if the last one of its subject has this sequence (0: there is none).
  std::optional<uint64_t> expected_last_subject_sequence;
};

// Creates the stream, or updates it when its configuration differs. Never takes copies away: fewer
// `replicas` than the stream has are left alone.
Awaitable<absl::Status> EnsureStream(Connection& connection, StreamConfig config,
                                     Deadline deadline);
Awaitable<absl::Status> EnsureConsumer(Connection& connection, ConsumerConfig config,
                                       Deadline deadline);

// Stores a message. Aborted: the expected sequence was not the last (somebody else wrote).
// ResourceExhausted: the stream is full and keeps what it has.
// Unavailable: no stream, or no connection. Otherwise it is stored when this returns.
// On a replicated connection a message with an id is sent again, until the deadline, while its
// stream elects a leader; the id keeps it from being stored twice.
Awaitable<absl::StatusOr<PublishAck>> PublishToStream(Connection& connection, std::string subject,
                                                      Headers headers, std::string payload,
                                                      PublishOptions options, Deadline deadline);

// The last message of `subject` in `stream`. NotFound. On a replicated connection the stream's
// leader is asked, so that what was acknowledged before is seen (a direct get may be answered by a
// copy that is behind), again and again until the deadline while there is none.
Awaitable<absl::StatusOr<Message>> DirectGetLast(Connection& connection, std::string stream,
                                                 std::string subject, Deadline deadline);
// The first message of `subject` at or after `sequence`; otherwise the same.
Awaitable<absl::StatusOr<Message>> DirectGetNext(Connection& connection, std::string stream,
                                                 std::string subject, uint64_t sequence,
                                                 Deadline deadline);

// The message of that sequence, StoredSubject tells its subject. NotFound. Who is asked is as
// above.
Awaitable<absl::StatusOr<Message>> DirectGetSequence(Connection& connection, std::string stream,
                                                     uint64_t sequence, Deadline deadline);

// The subject under which `message` was stored: one that was read by its sequence arrives under
// another.
std::string StoredSubject(const Message& message);

// Removes a message for good, also from its consumers. NotFound: it is gone already.
Awaitable<absl::Status> DeleteMessage(Connection& connection, std::string stream, uint64_t sequence,
                                      Deadline deadline);

// How far a durable consumer has come.
struct ConsumerState {
  // Stream sequence of the newest message that was delivered.
  uint64_t delivered_sequence = 0;
  // Stream sequence up to which nothing is in hand: all was settled, or given up by the server.
  // While anything is in hand nats-server 2.9 does not move it past what was given up.
  uint64_t ack_floor_sequence = 0;
  // Delivered and neither settled nor given up.
  uint64_t acks_pending = 0;
  // Not delivered yet.
  uint64_t pending = 0;
};
Awaitable<absl::StatusOr<ConsumerState>> GetConsumerState(Connection& connection,
                                                          std::string stream, std::string durable,
                                                          Deadline deadline);

// A durable pull consumer. Messages arrive in batches; the handler says what becomes of each batch.
//
//   Consumer consumer(connection, config, {.batch_max = 256}, HandleBatch);
//   co_await consumer.Run();     // until Stop()
class Consumer {
 public:
  struct BatchOptions {
    // Messages handed over at once.
    int batch_max = 64;
    // How long one fetch waits for the first message.
    std::chrono::milliseconds wait{5000};
    // Pause before a batch that failed is asked for again.
    std::chrono::milliseconds retry_delay{1000};
  };
  // Ok: all are acknowledged. An error or an exception: all are given back and delivered again
  // after `retry_delay`; the handler must therefore be idempotent. A message that can never be
  // handled: the handler reports it (dead letter) and returns Ok.
  using Handler = std::function<Awaitable<absl::Status>(std::span<const Message>)>;

  Consumer(Connection& connection, ConsumerConfig config, BatchOptions options, Handler handler);
  // Ensures the consumer, then fetches and handles until Stop(); waits out lost connections.
  Awaitable<void> Run();
  // Run returns after the batch in hand.
  void Stop();

 private:
  struct Intake;

  // Asks for messages; true when the server answered at all.
  Awaitable<bool> Fetch(std::string inbox, int batch, std::chrono::milliseconds wait);
  Awaitable<void> HandleBatch();
  Awaitable<void> Pause(std::chrono::milliseconds duration);

  Connection& connection_;
  const ConsumerConfig config_;
  const BatchOptions options_;
  const Handler handler_;
  Timer wake_;
  std::shared_ptr<Intake> intake_;
  bool stopped_ = false;
};

}  // namespace switchboard::bus
