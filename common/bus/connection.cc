#include "common/bus/connection.h"

#include <nats/nats.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/bus/event_loop.h"
#include "common/bus/nats_options.h"
#include "common/observability/log.h"

// nats.c's natsSubscription_NextMsg swallows the server's "no responders" answer and with it the
// subject that tells which of our requests it is about. It asks this public function of its own,
// through the dynamic linker, whether a message is one; ours says no, so the answer reaches Drain()
// like any other. BusTest.NobodyListeningIsUnavailableAtOnce fails should a later nats.c decide
// otherwise (ADR 3).
extern "C" bool natsMsg_IsNoResponders(natsMsg*) { return false; }

namespace switchboard::bus {
namespace {

bool IsNoResponders(const Message& message) {
  return message.payload().empty() && message.Header("Status") == "503";
}

struct MessageDeleter {
  void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
};

// Somebody who waits for replies on one inbox token. A reply cancels the timer.
struct Waiter {
  explicit Waiter(asio::io_context& io) : timer(io) {}
  Timer timer;
  std::deque<Message> replies;
  absl::Status error;
  // Requests sent to which nobody has said "no responders".
  int outstanding = 0;
};

struct Subscriber {
  natsSubscription* subscription = nullptr;
  std::function<void(Message)> on_message;
  bool ended = false;
};

class NatsConnection;

class NatsReplyStream : public ReplyStream {
 public:
  NatsReplyStream(std::shared_ptr<NatsConnection> connection, Deadline deadline);
  ~NatsReplyStream() override;
  Awaitable<absl::StatusOr<Message>> Next(Deadline until) override;
  absl::Status SendAgain(const std::string& subject, const Headers& headers,
                         std::string_view payload, bool former_lost) override;
  absl::Status Notify(const std::string& subject, const Headers& headers) override;
  std::string reply_subject() const override;
  Deadline deadline() const override { return deadline_; }

  Waiter waiter;
  uint64_t token = 0;

 private:
  std::shared_ptr<NatsConnection> connection_;
  const Deadline deadline_;
};

class NatsConnection : public std::enable_shared_from_this<NatsConnection> {
 public:
  NatsConnection(asio::io_context& io, Options options) : io_(io), options_(std::move(options)) {}

  absl::Status Connect() {
    loop_ = std::make_shared<EventLoop>(io_, [this] { Drain(); });
    ASSIGN_OR_RETURN(NatsOptionsPtr options, ToNatsOptions(options_));
    RETURN_IF_ERROR(FromNats(loop_->Install(options.get()), "event loop"));
    natsOptions_SetDisconnectedCB(options.get(), &OnDisconnected, this);
    natsOptions_SetReconnectedCB(options.get(), &OnReconnected, this);
    natsOptions_SetClosedCB(options.get(), &OnClosed, this);
    natsOptions_SetErrorHandler(options.get(), &OnError, this);
    const Deadline deadline = Deadline::After(options_.connect_timeout);
    natsStatus status = NATS_OK;
    while ((status = natsConnection_Connect(&connection_, options.get())) != NATS_OK) {
      if (deadline.expired() || status == NATS_CONNECTION_AUTH_FAILED) {
        return FromNats(status, StrCat("connecting to ", WithoutCredentials(options_.url)));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    state_ = State::kConnected;
    inbox_ = StrCat(options_.inbox_prefix, ".", RandomHex(11), ".");
    return SubscribeTo(inbox_ + "*", "", [this](Message reply) { OnReply(std::move(reply)); })
        .status();
  }

  Awaitable<absl::StatusOr<Message>> Request(std::string subject, Headers headers,
                                             std::string payload, Deadline deadline) {
    NatsReplyStream stream(shared_from_this(), deadline);
    absl::Status sent = Begin(stream, subject, headers, payload);
    if (!sent.ok()) co_return sent;
    co_return co_await stream.ReplyStream::Next();
  }

  absl::Status Begin(NatsReplyStream& stream, const std::string& subject, const Headers& headers,
                     std::string_view payload) {
    stream.token = ++last_token_;
    waiters_[stream.token] = &stream.waiter;
    ++stream.waiter.outstanding;
    return Publish(subject, headers, payload, ReplySubject(stream.token));
  }

  std::string ReplySubject(uint64_t token) const { return StrCat(inbox_, token); }

  void Forget(uint64_t token) { waiters_.erase(token); }

  absl::Status Publish(const std::string& subject, const Headers& headers, std::string_view payload,
                       const std::string& reply) {
    if (state_ != State::kConnected) return absl::UnavailableError("not connected to NATS");
    natsMsg* created = nullptr;
    RETURN_IF_ERROR(
        FromNats(natsMsg_Create(&created, subject.c_str(), reply.empty() ? nullptr : reply.c_str(),
                                payload.data(), static_cast<int>(payload.size())),
                 "message"));
    const std::unique_ptr<natsMsg, MessageDeleter> message(created);
    for (const auto& [name, value] : headers) {
      if (value.empty()) continue;  // nats.c 3.4 would read the next header as this one's value
      RETURN_IF_ERROR(FromNats(natsMsgHeader_Set(created, name.c_str(), value.c_str()), name));
    }
    return FromNats(natsConnection_PublishMsg(connection_, created), "publish");
  }

  absl::StatusOr<std::shared_ptr<Subscriber>> SubscribeTo(const std::string& subject,
                                                          const std::string& queue_group,
                                                          std::function<void(Message)> on_message) {
    auto subscriber = std::make_shared<Subscriber>();
    subscriber->on_message = std::move(on_message);
    const natsStatus status =
        queue_group.empty()
            ? natsConnection_SubscribeSync(&subscriber->subscription, connection_, subject.c_str())
            : natsConnection_QueueSubscribeSync(&subscriber->subscription, connection_,
                                                subject.c_str(), queue_group.c_str());
    RETURN_IF_ERROR(FromNats(status, StrCat("subscribing to ", subject)));
    subscribers_.push_back(subscriber);
    return subscriber;
  }

  void Unsubscribe(const std::shared_ptr<Subscriber>& subscriber) {
    if (subscriber->ended) return;
    subscriber->ended = true;
    natsSubscription_Unsubscribe(subscriber->subscription);
    natsSubscription_Destroy(subscriber->subscription);
    subscriber->subscription = nullptr;
    std::erase(subscribers_, subscriber);
  }

  void Close() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    FailAll(absl::CancelledError("the connection was closed"));
    loop_->Stop();
    for (auto& subscriber : subscribers_) {
      subscriber->ended = true;
      natsSubscription_Destroy(subscriber->subscription);
    }
    subscribers_.clear();
    natsConnection_Close(connection_);
    // nats.c tells of the end from a thread of its own, after everything else it has to tell: what
    // those calls point to must live until then.
    const Deadline told = Deadline::After(std::chrono::seconds(2));
    while (!closed_ && !told.expired()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    natsConnection_Destroy(connection_);
    connection_ = nullptr;
  }

  Awaitable<bool> Flush(Deadline deadline) {
    Timer timer(io_);
    while (state_ == State::kConnected && natsConnection_Buffered(connection_) > 0) {
      if (deadline.expired()) co_return false;
      timer.expires_after(std::chrono::milliseconds(1));
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return state_ == State::kConnected;
  }

  std::string NewInbox() { return StrCat(options_.inbox_prefix, ".", RandomHex(11)); }

  asio::io_context& io() { return io_; }
  State state() const { return state_; }
  bool replicated() const { return options_.replicated; }
  int64_t payload_max() const { return natsConnection_GetMaxPayload(connection_); }
  std::vector<std::function<void(State)>>& observers() { return observers_; }

 private:
  // Hands every message that nats.c has parsed to its subscriber. Subscriptions may come and go
  // while it runs.
  void Drain() {
    draining_ = subscribers_;
    for (const auto& subscriber : draining_) {
      natsMsg* message = nullptr;
      while (!subscriber->ended &&
             natsSubscription_NextMsg(&message, subscriber->subscription, 0) == NATS_OK) {
        subscriber->on_message(Message(message));
      }
    }
    draining_.clear();
  }

  void OnReply(Message reply) {
    uint64_t token = 0;
    if (!SimpleAtoi(reply.subject().substr(inbox_.size()), &token)) return;
    const auto found = waiters_.find(token);
    if (found == waiters_.end()) return;  // nobody waits any more
    Waiter& waiter = *found->second;
    if (waiter.replies.size() >= ReplyStream::kBufferedRepliesMax) {
      waiter.error = absl::ResourceExhaustedError("replies came faster than they were read");
    } else if (IsNoResponders(reply)) {
      if (--waiter.outstanding > 0) return;  // another has it
      waiter.error = absl::UnavailableError("nobody answers on this subject");
    } else {
      waiter.replies.push_back(std::move(reply));
    }
    waiter.timer.cancel();
  }

  void FailAll(const absl::Status& error) {
    for (auto& [token, waiter] : waiters_) {
      waiter->error = error;
      waiter->timer.cancel();
    }
  }

  void SetState(State state) {
    if (state_ == State::kClosed || state_ == state) return;
    state_ = state;
    log::Write(state == State::kConnected ? log::Level::kInfo : log::Level::kWarning,
               state == State::kConnected ? "reconnected to NATS" : "lost the connection to NATS",
               {{"url", WithoutCredentials(options_.url)}});
    if (state == State::kReconnecting) {
      FailAll(absl::UnavailableError("the connection to NATS was lost"));
    }
    for (const auto& observer : observers_) observer(state);
  }

  // Called on threads of nats.c.
  void PostState(State state) {
    asio::post(io_, [weak = weak_from_this(), state] {
      if (auto self = weak.lock()) self->SetState(state);
    });
  }
  static void OnDisconnected(natsConnection*, void* self) {
    static_cast<NatsConnection*>(self)->PostState(State::kReconnecting);
  }
  static void OnReconnected(natsConnection*, void* self) {
    static_cast<NatsConnection*>(self)->PostState(State::kConnected);
  }
  static void OnClosed(natsConnection*, void* self) {
    static_cast<NatsConnection*>(self)->closed_ = true;
  }
  static void OnError(natsConnection*, natsSubscription*, natsStatus status, void*) {
    log::Warning("NATS reports an error", {{"error", natsStatus_GetText(status)}});
  }

  asio::io_context& io_;
  const Options options_;
  std::shared_ptr<EventLoop> loop_;
  natsConnection* connection_ = nullptr;
  State state_ = State::kReconnecting;
  std::atomic<bool> closed_{false};
  std::string inbox_;
  uint64_t last_token_ = 0;
  absl::flat_hash_map<uint64_t, Waiter*> waiters_;
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  std::vector<std::shared_ptr<Subscriber>> draining_;
  std::vector<std::function<void(State)>> observers_;
};

NatsReplyStream::NatsReplyStream(std::shared_ptr<NatsConnection> connection, Deadline deadline)
    : waiter(connection->io()), connection_(std::move(connection)), deadline_(deadline) {}

NatsReplyStream::~NatsReplyStream() { connection_->Forget(token); }

Awaitable<absl::StatusOr<Message>> NatsReplyStream::Next(Deadline until) {
  const Clock::time_point end = std::min(until.at(), deadline_.at());
  // Setting a timer cancels its waiters, so it is set once: many replies come before their
  // deadline.
  if (waiter.timer.expiry() != end) waiter.timer.expires_at(end);
  while (waiter.replies.empty() && waiter.error.ok()) {
    boost::system::error_code error;
    co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!waiter.replies.empty() || !waiter.error.ok()) break;
    if (error) co_return absl::CancelledError("the caller stopped waiting");
    co_return absl::DeadlineExceededError("no reply before the deadline");
  }
  if (waiter.replies.empty()) co_return waiter.error;
  Message reply = std::move(waiter.replies.front());
  waiter.replies.pop_front();
  co_return absl::StatusOr<Message>(std::move(reply));
}

absl::Status NatsReplyStream::SendAgain(const std::string& subject, const Headers& headers,
                                        std::string_view payload, bool former_lost) {
  if (former_lost) {
    waiter.outstanding = 0;
    waiter.error = absl::OkStatus();
  }
  ++waiter.outstanding;
  return connection_->Publish(subject, headers, payload, reply_subject());
}

absl::Status NatsReplyStream::Notify(const std::string& subject, const Headers& headers) {
  return connection_->Publish(subject, headers, "", "");
}

std::string NatsReplyStream::reply_subject() const { return connection_->ReplySubject(token); }

class SubscriptionHandle : public Subscription::Handle {
 public:
  SubscriptionHandle(std::weak_ptr<NatsConnection> connection,
                     std::shared_ptr<Subscriber> subscriber)
      : connection_(std::move(connection)), subscriber_(std::move(subscriber)) {}
  ~SubscriptionHandle() override {
    if (auto connection = connection_.lock()) connection->Unsubscribe(subscriber_);
  }

  bool Drained() override {
    const auto connection = connection_.lock();
    if (connection == nullptr || subscriber_->ended || connection->state() != State::kConnected) {
      return true;
    }
    if (!draining_) {
      draining_ = true;
      return natsSubscription_DrainTimeout(subscriber_->subscription, kDrainLimitMs) != NATS_OK;
    }
    return natsSubscription_DrainCompletionStatus(subscriber_->subscription) != NATS_ILLEGAL_STATE;
  }

 private:
  // The caller has a limit of its own; this one only ends nats.c's helper thread.
  static constexpr int64_t kDrainLimitMs = 30000;
  std::weak_ptr<NatsConnection> connection_;
  std::shared_ptr<Subscriber> subscriber_;
  bool draining_ = false;
};

// The public face: what callers destroy. The state behind it lives on while coroutines use it.
class ConnectionFace : public Connection {
 public:
  explicit ConnectionFace(std::shared_ptr<NatsConnection> state) : state_(std::move(state)) {}
  ~ConnectionFace() override { state_->Close(); }

  Awaitable<absl::StatusOr<Message>> Request(std::string subject, Headers headers,
                                             std::string payload, Deadline deadline) override {
    return state_->Request(std::move(subject), std::move(headers), std::move(payload), deadline);
  }

  std::unique_ptr<ReplyStream> RequestStream(std::string subject, Headers headers,
                                             std::string payload, Deadline deadline) override {
    auto stream = std::make_unique<NatsReplyStream>(state_, deadline);
    absl::Status sent = state_->Begin(*stream, subject, headers, payload);
    if (!sent.ok()) stream->waiter.error = sent;
    return stream;
  }

  absl::Status Publish(const std::string& subject, const Headers& headers, std::string_view payload,
                       const std::string& reply_subject) override {
    return state_->Publish(subject, headers, payload, reply_subject);
  }

  absl::StatusOr<Subscription> Subscribe(const std::string& subject, const std::string& queue_group,
                                         std::function<void(Message)> on_message) override;

  State state() const override { return state_->state(); }
  void OnStateChange(std::function<void(State)> callback) override {
    state_->observers().push_back(std::move(callback));
  }
  std::string NewInbox() override { return state_->NewInbox(); }
  size_t payload_bytes_max() const override { return static_cast<size_t>(state_->payload_max()); }
  asio::io_context& io() override { return state_->io(); }
  bool replicated() const override { return state_->replicated(); }
  Awaitable<bool> Flush(Deadline deadline) override { return state_->Flush(deadline); }
  void Close() override { state_->Close(); }

 private:
  std::shared_ptr<NatsConnection> state_;
};

}  // namespace

Awaitable<absl::StatusOr<Message>> ReplyStream::Next() {
  if (ended_) co_return absl::FailedPreconditionError("the stream of replies has ended");
  for (;;) {
    absl::StatusOr<Message> reply = co_await Next(deadline());
    if (reply.ok() && reply->Header(kHeaderStream) == kStreamWorking) continue;
    ended_ = !reply.ok() || reply->Header(kHeaderStream).empty();
    co_return reply;
  }
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Connect(asio::io_context& io,
                                                                Options options) {
  auto state = std::make_shared<NatsConnection>(io, std::move(options));
  RETURN_IF_ERROR(state->Connect());
  return std::make_unique<ConnectionFace>(std::move(state));
}

absl::StatusOr<Subscription> ConnectionFace::Subscribe(const std::string& subject,
                                                       const std::string& queue_group,
                                                       std::function<void(Message)> on_message) {
  ASSIGN_OR_RETURN(auto subscriber,
                   state_->SubscribeTo(subject, queue_group, std::move(on_message)));
  return Subscription(std::make_unique<SubscriptionHandle>(state_, std::move(subscriber)));
}

}  // namespace switchboard::bus
