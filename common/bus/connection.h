// The process's connection to NATS, on the Asio loop.
//
// nats.c runs in its event-loop mode: the loop waits for the socket, hands readable bytes to
// nats.c, and drains every subscription in the same turn; what a turn publishes is written once, at
// its end (docs/adr/0003-nats-on-asio.md has the measurements). All members are called on the
// loop's thread. nats.c's own threads only post to it.
//
//   auto connection = Connection::Connect(io, {.url = "nats://127.0.0.1:4222", .name = "gateway"});
//   auto reply = co_await (*connection)->Request("mesh.agent.x.y", headers, payload, deadline);
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/asio.h"
#include "common/base/deadline.h"
#include "common/bus/message.h"

namespace switchboard::bus {

struct Options {
  // One or more, comma separated: nats://user:password@host:4222 or tls://…
  std::string url = "nats://127.0.0.1:4222";
  // Shown by the server's monitoring.
  std::string name;
  // First token(s) of reply subjects; each agent's own where permissions demand it.
  std::string inbox_prefix = "_INBOX";
  // How long Connect tries before it gives up.
  std::chrono::milliseconds connect_timeout{10000};
  // Pause between two attempts to reconnect, tried without end.
  std::chrono::milliseconds reconnect_wait{200};
  // CA file for tls://; empty: the system's.
  std::string tls_ca_file;
  // Streams have copies on several servers (docs/adr/0009-leader-reads.md).
  bool replicated = false;
};

enum class State { kConnected, kReconnecting, kClosed };

// Ends its subscription when destroyed.
class Subscription {
 public:
  struct Handle {
    virtual ~Handle() = default;
    // Begins (first call) to take no new messages; true when all that were on their way are
    // handled.
    virtual bool Drained() = 0;
  };
  Subscription() = default;
  explicit Subscription(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
  void Reset() { handle_.reset(); }
  bool Drained() { return handle_ == nullptr || handle_->Drained(); }

 private:
  std::unique_ptr<Handle> handle_;
};

// Marks a reply that is not the last one.
inline constexpr char kHeaderStream[] = "Mesh-Stream";
inline constexpr char kStreamNext[] = "next";        // part of the answer
inline constexpr char kStreamWorking[] = "working";  // a sign of life without a payload

// Replies to one request, in order; the last is the one without the header `Mesh-Stream`.
class ReplyStream {
 public:
  // The next reply, signs of life left out. Unavailable: nobody listens or the connection was lost.
  // DeadlineExceeded. ResourceExhausted: more than kBufferedRepliesMax waited unread. After the
  // last reply or an error, FailedPrecondition.
  Awaitable<absl::StatusOr<Message>> Next();

  // What comes next, whatever it is: signs of life, and further "last" replies where the request
  // was sent to several. DeadlineExceeded when nothing came until `until`: the stream may be read
  // on while its own deadline lasts.
  virtual Awaitable<absl::StatusOr<Message>> Next(Deadline until) = 0;

  // Sends the request once more, for whoever answers first. `former_lost`: nobody counts on the
  // earlier ones, nor on what went wrong with them: "no responders" to this one ends the stream.
  virtual absl::Status SendAgain(const std::string& subject, const Headers& headers,
                                 std::string_view payload, bool former_lost) = 0;

  // Publishes something about this request; works as long as the connection does, also from a
  // destructor.
  virtual absl::Status Notify(const std::string& subject, const Headers& headers) = 0;

  // Where the replies go: what names this request to those who work on it.
  virtual std::string reply_subject() const = 0;

  virtual Deadline deadline() const = 0;
  virtual ~ReplyStream() = default;

  // An answer has tens of sentences; a thousand unread replies mean a reader that stopped.
  static constexpr size_t kBufferedRepliesMax = 1024;

 private:
  bool ended_ = false;  // Next() has given out the last reply or an error
};

class Connection {
 public:
  // Blocks until connected or `connect_timeout`: Unavailable, naming the URL without credentials.
  static absl::StatusOr<std::unique_ptr<Connection>> Connect(asio::io_context& io, Options options);

  virtual ~Connection() = default;

  // One request, one reply. Unavailable: no responders, or the connection is or was lost (the
  // request may have been handled). DeadlineExceeded. Cancelled: the awaiting coroutine was
  // cancelled.
  virtual Awaitable<absl::StatusOr<Message>> Request(std::string subject, Headers headers,
                                                     std::string payload, Deadline deadline) = 0;

  // One request, any number of replies. Destroying the stream forgets those not yet read.
  virtual std::unique_ptr<ReplyStream> RequestStream(std::string subject, Headers headers,
                                                     std::string payload, Deadline deadline) = 0;

  // Unavailable while not connected: nothing is buffered for later.
  virtual absl::Status Publish(const std::string& subject, const Headers& headers,
                               std::string_view payload, const std::string& reply_subject = "") = 0;

  // `on_message` runs on the loop for each message. With a queue group one member of the group gets
  // it. Survives reconnects.
  virtual absl::StatusOr<Subscription> Subscribe(const std::string& subject,
                                                 const std::string& queue_group,
                                                 std::function<void(Message)> on_message) = 0;

  virtual State state() const = 0;
  // Called on the loop after each change of state.
  virtual void OnStateChange(std::function<void(State)> callback) = 0;
  // A reply subject of this connection's own that nobody else uses. Subscribe to receive on it.
  virtual std::string NewInbox() = 0;
  // Largest payload the server takes, bytes.
  virtual size_t payload_bytes_max() const = 0;
  virtual asio::io_context& io() = 0;

  // A stream's copies may lag behind its leader, and the leader may change: what reads and writes
  // streams (common/bus/jetstream.h) must reckon with both.
  virtual bool replicated() const { return false; }

  // Writes out what was published; false when `deadline` came first.
  virtual Awaitable<bool> Flush(Deadline deadline) = 0;
  // Ends pending requests with Cancelled and closes. Nothing may be called afterwards.
  virtual void Close() = 0;
};

}  // namespace switchboard::bus
