// Private to common/bus: waits for nats.c's socket on Asio.
//
// nats.c calls the hooks from the loop's thread and, while it reconnects, from its own; each only
// posts to the loop. The loop waits on a duplicate of the descriptor, so that nats.c may close its
// own at any time without another file taking its number under us.
#pragma once

#include <nats/nats.h>

#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "common/base/asio.h"

namespace switchboard::bus {

class EventLoop : public std::enable_shared_from_this<EventLoop> {
 public:
  // `after_read` runs on the loop after nats.c has taken what the socket had.
  EventLoop(asio::io_context& io, std::function<void()> after_read)
      : io_(io), after_read_(std::move(after_read)), socket_(io) {}

  natsStatus Install(natsOptions* options);
  // No hook or handler does anything afterwards. Call on the loop, or after it has ended.
  void Stop();

 private:
  static natsStatus Attach(void** user_data, void* loop, natsConnection* connection,
                           natsSock socket);
  static natsStatus Read(void* user_data, bool add);
  static natsStatus Write(void* user_data, bool add);
  static natsStatus Detach(void* user_data);

  void Adopt(natsConnection* connection, int descriptor);
  void WaitRead();
  void WriteSoon();
  void WaitWrite();

  asio::io_context& io_;
  std::function<void()> after_read_;
  asio::posix::stream_descriptor socket_;
  natsConnection* connection_ = nullptr;
  bool stopped_ = false;
  bool reading_ = false;
  // Counts the sockets; a handler of an earlier one has nothing to say.
  int generation_ = 0;
  // Set by nats.c's hooks, read by the loop.
  std::atomic<bool> want_read_{false};
  std::atomic<bool> want_write_{false};
};

}  // namespace switchboard::bus
