// Notices that a client has left while its answer is being worked on.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <utility>

#include "common/base/asio.h"

namespace switchboard::gateway {

// From its making to its end, calls `on_goodbye` once if the client closes its side. A client that
// waits for an answer sends nothing: what becomes readable is its goodbye, or an early next
// request, which stays where it is and ends the watch. `socket` must outlive the object.
class GoodbyeWatch {
 public:
  template <typename OnGoodbye>
  GoodbyeWatch(asio::ip::tcp::socket& socket, OnGoodbye on_goodbye)
      : state_(std::make_shared<State>()) {
    socket.async_wait(
        asio::ip::tcp::socket::wait_read,
        asio::bind_cancellation_slot(
            state_->stop.slot(), [state = state_, &socket, on_goodbye = std::move(on_goodbye)](
                                     boost::system::error_code error) mutable {
              // The wait may have completed together with what ended the watch.
              if (!state->watching || error == asio::error::operation_aborted) return;
              if (!error && socket.available(error) > 0 && !error) return;
              on_goodbye();
            }));
  }
  ~GoodbyeWatch() {
    state_->watching = false;
    state_->stop.emit(asio::cancellation_type::all);
  }
  GoodbyeWatch(const GoodbyeWatch&) = delete;
  GoodbyeWatch& operator=(const GoodbyeWatch&) = delete;

 private:
  struct State {
    bool watching = true;
    asio::cancellation_signal stop;
  };
  const std::shared_ptr<State> state_;
};

}  // namespace switchboard::gateway
