// A durable pull consumer for a work queue: each message is handled by itself, several at once, and
// settled by itself. (The batch Consumer of jetstream.h is for readers that write in bulk.)
//
//   WorkConsumer consumer(connection, config, {.in_flight_max = 16}, key, Handle);
//   co_await consumer.Run();     // until Stop(), and until what was in hand has ended
//
// While a message is in hand the server is told every `working_interval`, so that the back-off of
// `config` measures silence: that of a process that died, or the pause after kLater.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/bus/jetstream.h"

namespace switchboard::bus {

enum class Settlement {
  // Handled; a work queue forgets the message.
  kDone,
  // Delivered again after the back-off of this delivery.
  kLater,
  // Never delivered again; a work queue forgets the message. Whoever needs it has it by now.
  kNever,
};

class WorkConsumer {
 public:
  struct Options {
    // Messages that are being handled at once.
    int in_flight_max = 16;
    // Messages beyond these that wait, fetched, for another one of their key. As many of one key
    // leave room for no other message.
    int waiting_max = 128;
    // How long one fetch waits for messages. After a restart of the server it may take so long and
    // two seconds more until it is asked again.
    std::chrono::milliseconds wait{2000};
    // Pause after the server could not be asked.
    std::chrono::milliseconds retry_delay{500};
    // Shorter than half the first back-off: one lost message must not cost a delivery.
    std::chrono::milliseconds working_interval{300};
  };
  // Messages with the same key are handled one after another, in the order they came.
  using Key = std::function<std::string(const Message&)>;
  // Must bear that a message comes twice, even while the first is in hand. An exception counts as
  // kLater.
  using Handler = std::function<Awaitable<Settlement>(std::shared_ptr<const Message>)>;

  WorkConsumer(Connection& connection, ConsumerConfig config, Options options, Key key,
               Handler handler);

  Awaitable<void> Run();
  // No further message is begun; what has not begun goes back to the server at once.
  void Stop();
  int in_flight() const { return in_flight_; }

 private:
  struct Intake;
  using Line = std::deque<std::shared_ptr<const Message>>;

  // True when the server was asked, or need not be.
  bool Ask(const std::string& inbox);
  // Messages that may be asked for.
  int Room() const;
  Awaitable<bool> Ensure();
  Awaitable<void> Wait(std::chrono::milliseconds limit);
  void TakeIn();
  void Begin(const std::string& key);
  void GiveBack(Line& line, size_t kept);
  void GiveBackIdle();
  void Settle(const Message& message, Settlement settlement);
  void Answer(const Message& message, std::string_view word);
  void SayWorking();

  Connection& connection_;
  const ConsumerConfig config_;
  const Options options_;
  const Key key_;
  const Handler handler_;
  std::shared_ptr<Intake> intake_;
  Subscription subscription_;
  // By key; the front of each line is being handled.
  std::unordered_map<std::string, Line> lines_;
  // Messages in all lines.
  int in_flight_ = 0;
  // Messages that the fetch under way may still bring, and until when it may.
  int asked_ = 0;
  Deadline asked_until_ = Deadline::After(std::chrono::nanoseconds(0));
  // No fetch before: the last one met trouble.
  Deadline pause_until_ = Deadline::After(std::chrono::nanoseconds(0));
  Clock::time_point said_working_;
  bool ensured_ = false;
  bool stopped_ = false;
};

}  // namespace switchboard::bus
