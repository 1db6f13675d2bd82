#include "common/bus/event_loop.h"

#include <fcntl.h>
#include <unistd.h>

namespace switchboard::bus {

natsStatus EventLoop::Install(natsOptions* options) {
  return natsOptions_SetEventLoop(options, this, &Attach, &Read, &Write, &Detach);
}

void EventLoop::Stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

natsStatus EventLoop::Attach(void** user_data, void* loop, natsConnection* connection,
                             natsSock socket) {
  auto* self = static_cast<EventLoop*>(loop);
  *user_data = self;
  const int descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return NATS_SYS_ERROR;
  self->want_read_ = true;
  self->want_write_ = false;
  asio::post(self->io_, [weak = self->weak_from_this(), connection, descriptor] {
    if (auto alive = weak.lock(); alive && !alive->stopped_) {
      alive->Adopt(connection, descriptor);
    } else {
      close(descriptor);
    }
  });
  return NATS_OK;
}

natsStatus EventLoop::Read(void* user_data, bool add) {
  auto* self = static_cast<EventLoop*>(user_data);
  self->want_read_ = add;
  if (add) {
    asio::post(self->io_, [weak = self->weak_from_this()] {
      if (auto alive = weak.lock()) alive->WaitRead();
    });
  }
  return NATS_OK;
}

natsStatus EventLoop::Write(void* user_data, bool add) {
  auto* self = static_cast<EventLoop*>(user_data);
  // Posting, not writing: all that this turn of the loop publishes leaves in one system call.
  if (add && !self->want_write_.exchange(true)) {
    asio::post(self->io_, [weak = self->weak_from_this()] {
      if (auto alive = weak.lock()) alive->WriteSoon();
    });
  } else if (!add) {
    self->want_write_ = false;
  }
  return NATS_OK;
}

natsStatus EventLoop::Detach(void* user_data) {
  auto* self = static_cast<EventLoop*>(user_data);
  self->want_read_ = false;
  self->want_write_ = false;
  return NATS_OK;
}

void EventLoop::Adopt(natsConnection* connection, int descriptor) {
  connection_ = connection;
  boost::system::error_code ignored;
  socket_.close(ignored);
  reading_ = false;
  ++generation_;
  socket_.assign(descriptor, ignored);
  WaitRead();
  if (want_write_) WriteSoon();
}

void EventLoop::WaitRead() {
  if (stopped_ || reading_ || !want_read_ || !socket_.is_open()) return;
  reading_ = true;
  socket_.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this(),
                      generation = generation_](const boost::system::error_code& error) {
                       // Another socket has come in between: it has a wait of its own.
                       if (error || self->stopped_ || generation != self->generation_) return;
                       self->reading_ = false;
                       if (!self->want_read_) return;
                       natsConnection_ProcessReadEvent(self->connection_);
                       self->after_read_();
                       self->WaitRead();
                     });
}

void EventLoop::WriteSoon() {
  if (stopped_ || !want_write_ || connection_ == nullptr) return;
  natsConnection_ProcessWriteEvent(connection_);
  if (want_write_) WaitWrite();
}

void EventLoop::WaitWrite() {
  socket_.async_wait(asio::posix::descriptor_base::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error) self->WriteSoon();
                     });
}

}  // namespace switchboard::bus
