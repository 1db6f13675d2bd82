// Notices that a client has left while its answer is being worked on.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "common/base/asio.h"

namespace switchboard::gateway {

// Calls `on_goodbye` once if the client closes its side. A client that waits for an answer sends
// nothing: what becomes readable is its goodbye, or an early next request, which stays where it is
// and ends the watch. `slot` ends it too.
template <typename OnGoodbye>
void WatchForGoodbye(asio::ip::tcp::socket& socket, asio::cancellation_slot slot,
                     OnGoodbye on_goodbye) {
  socket.async_wait(
      asio::ip::tcp::socket::wait_read,
      asio::bind_cancellation_slot(slot, [&socket, on_goodbye = std::move(on_goodbye)](
                                             boost::system::error_code error) mutable {
        if (error == asio::error::operation_aborted) return;
        if (!error && socket.available(error) > 0 && !error) return;
        on_goodbye();
      }));
}

}  // namespace switchboard::gateway
