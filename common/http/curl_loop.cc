#include "common/http/curl_loop.h"

#include <utility>

namespace switchboard::http {

CurlLoop::CurlLoop(asio::io_context& io, int connections_max, int connections_per_host_max,
                   OnDone on_done)
    : io_(io), timer_(io), multi_(curl_multi_init()), on_done_(std::move(on_done)) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::OnTimeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(connections_max));
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(connections_per_host_max));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections_max));
}

CurlLoop::~CurlLoop() { Stop(); }

void CurlLoop::Stop() {
  if (multi_ == nullptr) return;
  // Before curl closes the sockets, and without a word from it while it does.
  while (!watches_.empty()) Forget(watches_.begin()->first);
  timer_.cancel();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  curl_multi_cleanup(std::exchange(multi_, nullptr));
}

bool CurlLoop::Add(CURL* easy) { return curl_multi_add_handle(multi_, easy) == CURLM_OK; }

void CurlLoop::Remove(CURL* easy) {
  // Closing what is half done may call back for its socket.
  const bool before = std::exchange(inside_curl_, true);
  curl_multi_remove_handle(multi_, easy);
  inside_curl_ = before;
}

int CurlLoop::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto* loop = static_cast<CurlLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    loop->Forget(socket);
  } else {
    loop->Watching(socket, what);
  }
  return 0;
}

void CurlLoop::Watching(curl_socket_t socket, int what) {
  std::shared_ptr<Watch>& watch = watches_[socket];
  if (!watch) {
    watch = std::make_shared<Watch>(io_);
    watch->socket = socket;
    boost::system::error_code error;
    watch->descriptor.assign(socket, error);
    // Not watched, it ends by the request's deadline.
    if (error) return;
  }
  watch->want_read = (what & CURL_POLL_IN) != 0;
  watch->want_write = (what & CURL_POLL_OUT) != 0;
  Wait(watch);
}

void CurlLoop::Forget(curl_socket_t socket) {
  const auto found = watches_.find(socket);
  if (found == watches_.end()) return;
  found->second->ended = true;
  // Asio lets go of the descriptor and leaves it open: it is curl's to keep or to close.
  if (found->second->descriptor.is_open()) found->second->descriptor.release();
  watches_.erase(found);
}

void CurlLoop::Wait(const std::shared_ptr<Watch>& watch) {
  if (watch->ended || !watch->descriptor.is_open()) return;
  if (watch->want_read && !watch->reading) {
    watch->reading = true;
    watch->descriptor.async_wait(
        asio::posix::descriptor_base::wait_read,
        [self = shared_from_this(), watch](const boost::system::error_code& error) {
          watch->reading = false;
          if (watch->ended) return;
          if (watch->want_read)
            self->Drive(watch->socket, error ? CURL_CSELECT_ERR : CURL_CSELECT_IN);
          self->Wait(watch);
        });
  }
  if (watch->want_write && !watch->writing) {
    watch->writing = true;
    watch->descriptor.async_wait(
        asio::posix::descriptor_base::wait_write,
        [self = shared_from_this(), watch](const boost::system::error_code& error) {
          watch->writing = false;
          if (watch->ended) return;
          if (watch->want_write) {
            self->Drive(watch->socket, error ? CURL_CSELECT_ERR : CURL_CSELECT_OUT);
          }
          self->Wait(watch);
        });
  }
}

int CurlLoop::OnTimeout(CURLM*, long timeout_ms, void* self) {
  auto* loop = static_cast<CurlLoop*>(self);
  if (timeout_ms < 0) {
    loop->timer_.cancel();
    return 0;
  }
  // Also for 0: curl must not be called from its own callback.
  loop->timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  loop->timer_.async_wait([alive = loop->weak_from_this()](const boost::system::error_code& error) {
    if (error) return;
    if (auto self = alive.lock()) self->Drive(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlLoop::Drive(curl_socket_t socket, int events) {
  if (multi_ == nullptr) return;
  int running = 0;
  inside_curl_ = true;
  curl_multi_socket_action(multi_, socket, events, &running);
  inside_curl_ = false;
  TakeFinished();
}

void CurlLoop::TakeFinished() {
  int left = 0;
  while (multi_ != nullptr) {
    const CURLMsg* message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) return;
    if (message->msg != CURLMSG_DONE) continue;
    // Removing the handle takes the message with it.
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    on_done_(easy, result);
  }
}

}  // namespace switchboard::http
