// libcurl's multi handle driven by Asio: curl says which sockets and which timeout it waits for,
// the loop tells it what has come (curl's "multi socket" interface). Internal to common/http.
#pragma once

#include <curl/curl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>

#include "common/base/asio.h"

namespace switchboard::http {

// Kept alive by its own waits, so always held by shared_ptr; ends with Stop().
class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  using OnDone = std::function<void(CURL* easy, CURLcode result)>;

  // `on_done` is called for each finished transfer, outside of curl, when it may be removed.
  CurlLoop(asio::io_context& io, int connections_max, int connections_per_host_max, OnDone on_done);
  ~CurlLoop();

  // False when curl refuses. Not from within curl's callbacks, nor is Remove.
  bool Add(CURL* easy);
  void Remove(CURL* easy);
  // True while curl calls back: Add and Remove have to wait for the loop's next turn.
  bool inside_curl() const { return inside_curl_; }
  // Closes all connections. Transfers must be removed before.
  void Stop();

 private:
  // A socket of curl's that is being watched; curl alone closes it.
  struct Watch {
    explicit Watch(asio::io_context& io) : descriptor(io) {}
    asio::posix::stream_descriptor descriptor;
    int socket = -1;
    bool ended = false;
    bool want_read = false, want_write = false;
    bool reading = false, writing = false;
  };

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* socket_data);
  static int OnTimeout(CURLM* multi, long timeout_ms, void* self);
  void Watching(curl_socket_t socket, int what);
  void Forget(curl_socket_t socket);
  void Wait(const std::shared_ptr<Watch>& watch);
  void Drive(curl_socket_t socket, int events);
  void TakeFinished();

  asio::io_context& io_;
  Timer timer_;
  CURLM* multi_;
  OnDone on_done_;
  std::map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  bool inside_curl_ = false;
};

}  // namespace switchboard::http
