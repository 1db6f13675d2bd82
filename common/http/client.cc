#include "common/http/client.h"

#include <csignal>
#include <map>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/http/curl_loop.h"
#include "common/http/transfer.h"

namespace switchboard::http {
namespace {

// Some of the requests in hand have ended by then.
constexpr int kRetryAfterMs = 1000;

// Once a process. curl is told to leave signals alone (it would change them at every call), so a
// connection that breaks under a write must be an error for everybody.
void InitializeProcess() {
  static const bool once = [] {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct sigaction current {};
    if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
      std::signal(SIGPIPE, SIG_IGN);
    }
    return true;
  }();
  (void)once;
}

// A Send in progress; in its coroutine's frame.
struct Waiter {
  Waiter(asio::io_context& io, Request request, const ClientOptions& options)
      : transfer(std::make_unique<Transfer>(std::move(request), options)), wake(io) {}
  std::unique_ptr<Transfer> transfer;
  absl::StatusOr<Response> result = absl::CancelledError("the caller stopped waiting");
  bool done = false;
  Timer wake;

  void Finish(absl::StatusOr<Response> outcome) {
    if (done) return;
    done = true;
    result = std::move(outcome);
    wake.cancel();
  }
};

}  // namespace

class Client::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, ClientOptions options)
      : io_(io),
        options_(std::move(options)),
        loop_(std::make_shared<CurlLoop>(
            io, options_.connections_max, options_.connections_per_host_max,
            [this](CURL* easy, CURLcode result) { Finished(easy, result); })) {}
  ~Impl() { Stop(); }

  asio::io_context& io() { return io_; }
  const ClientOptions& options() const { return options_; }
  int in_flight() const { return static_cast<int>(waiters_.size()); }
  bool full() const { return in_flight() >= options_.requests_max; }
  bool stopped() const { return stopped_; }

  void Begin(Waiter* waiter) {
    CURL* easy = waiter->transfer->easy();
    waiters_[easy] = waiter;
    if (!loop_->inside_curl()) return Start(easy);
    asio::post(io_, [weak = weak_from_this(), easy] {
      if (auto self = weak.lock()) self->Start(easy);
    });
  }

  // The waiter goes, its transfer with it, whatever has become of it.
  void End(Waiter* waiter) {
    if (!waiter->transfer || waiters_.erase(waiter->transfer->easy()) == 0) return;
    if (!loop_->inside_curl()) {
      loop_->Remove(waiter->transfer->easy());
      return;
    }
    // Within a callback of curl's: the transfer must outlive it.
    asio::post(io_,
               [loop = loop_, transfer = std::shared_ptr<Transfer>(std::move(waiter->transfer))] {
                 loop->Remove(transfer->easy());
               });
  }

  void Stop() {
    if (std::exchange(stopped_, true)) return;
    for (const auto& [easy, waiter] : waiters_) {
      loop_->Remove(easy);
      waiter->Finish(absl::CancelledError("the HTTP client has ended"));
    }
    waiters_.clear();
    loop_->Stop();
  }

 private:
  void Start(CURL* easy) {
    const auto found = waiters_.find(easy);
    if (found == waiters_.end()) return;
    if (!loop_->Add(easy)) {
      found->second->Finish(absl::InternalError("curl does not take the request"));
    }
  }

  void Finished(CURL* easy, CURLcode result) {
    const auto found = waiters_.find(easy);
    if (found == waiters_.end()) return;
    Waiter* waiter = found->second;
    waiters_.erase(found);
    loop_->Remove(easy);
    waiter->Finish(waiter->transfer->Result(result));
  }

  asio::io_context& io_;
  const ClientOptions options_;
  std::shared_ptr<CurlLoop> loop_;
  std::map<CURL*, Waiter*> waiters_;
  bool stopped_ = false;
};

Client::Client(asio::io_context& io, ClientOptions options) {
  InitializeProcess();
  impl_ = std::make_shared<Impl>(io, std::move(options));
}

Client::~Client() { impl_->Stop(); }

int Client::in_flight() const { return impl_->in_flight(); }

Awaitable<absl::StatusOr<Response>> Client::Send(Request request, Deadline deadline) {
  // A copy: the client may end while this waits.
  std::shared_ptr<Impl> impl = impl_;
  if (deadline.expired()) co_return absl::DeadlineExceededError("the request was not sent in time");
  if (impl->stopped()) co_return absl::CancelledError("the HTTP client has ended");
  if (impl->full()) {
    co_return WithRetryAfterMs(absl::ResourceExhaustedError(StrCat(
                                   impl->options().requests_max, " requests are in hand already")),
                               kRetryAfterMs);
  }
  Waiter waiter(impl->io(), std::move(request), impl->options());
  if (!waiter.transfer->prepared().ok()) co_return waiter.transfer->prepared();
  // Also when this frame is destroyed while it waits.
  struct Ending {
    Impl* impl;
    Waiter* waiter;
    ~Ending() { impl->End(waiter); }
  } ending{impl.get(), &waiter};
  impl->Begin(&waiter);
  if (!waiter.done) {
    waiter.wake.expires_at(deadline.at());
    boost::system::error_code error;
    co_await waiter.wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!waiter.done && !error) {
      co_return absl::DeadlineExceededError("no whole answer within the deadline");
    }
  }
  co_return std::move(waiter.result);
}

}  // namespace switchboard::http
