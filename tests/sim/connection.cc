#include "tests/sim/connection.h"

#include "common/base/strings.h"

namespace switchboard::sim {

using bus::State;

// Somebody who waits for replies; a reply cancels the timer.
struct SimulatedConnection::Waiter {
  explicit Waiter(asio::io_context& io) : timer(io) {}
  Timer timer;
  std::deque<bus::Message> replies;
  absl::Status error;
  // Requests sent to which nobody has said "no responders".
  int outstanding = 0;
};

class SimulatedReplyStream : public bus::ReplyStream {
 public:
  SimulatedReplyStream(SimulatedConnection& connection, Deadline deadline)
      : connection_(connection),
        token_(++connection.last_id_),
        deadline_(deadline),
        waiter_(connection.io_) {
    connection_.waiters_[token_] = &waiter_;
  }
  ~SimulatedReplyStream() override { connection_.waiters_.erase(token_); }

  void Send(const std::string& subject, const bus::Headers& headers, std::string_view payload) {
    ++waiter_.outstanding;
    waiter_.error = connection_.Publish(subject, headers, payload, reply_subject());
  }

  Awaitable<absl::StatusOr<bus::Message>> Next(Deadline until) override {
    const Clock::time_point end = std::min(until.at(), deadline_.at());
    if (waiter_.timer.expiry() != end) waiter_.timer.expires_at(end);
    while (waiter_.replies.empty() && waiter_.error.ok()) {
      boost::system::error_code error;
      co_await waiter_.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (!waiter_.replies.empty() || !waiter_.error.ok()) break;
      if (error) co_return absl::CancelledError("the caller stopped waiting");
      co_return absl::DeadlineExceededError("no reply before the deadline");
    }
    if (waiter_.replies.empty()) co_return waiter_.error;
    bus::Message reply = std::move(waiter_.replies.front());
    waiter_.replies.pop_front();
    co_return absl::StatusOr<bus::Message>(std::move(reply));
  }

  absl::Status SendAgain(const std::string& subject, const bus::Headers& headers,
                         std::string_view payload, bool former_lost) override {
    if (former_lost) {
      waiter_.outstanding = 0;
      waiter_.error = absl::OkStatus();
    }
    ++waiter_.outstanding;
    return connection_.Publish(subject, headers, payload, reply_subject());
  }

  absl::Status Notify(const std::string& subject, const bus::Headers& headers) override {
    return connection_.Publish(subject, headers, "", "");
  }

  std::string reply_subject() const override {
    return StrCat("_INBOX.", connection_.name_, ".", token_);
  }
  Deadline deadline() const override { return deadline_; }

 private:
  SimulatedConnection& connection_;
  const uint64_t token_;
  const Deadline deadline_;
  SimulatedConnection::Waiter waiter_;
};

class SimulatedConnection::Handle : public bus::Subscription::Handle {
 public:
  Handle(SimulatedConnection& connection, uint64_t id)
      : connection_(connection), alive_(connection.alive_), id_(id) {}
  ~Handle() override {
    if (*alive_) connection_.Unsubscribe(id_);
  }
  bool Drained() override { return !*alive_ || connection_.Drained(id_); }

 private:
  SimulatedConnection& connection_;
  const std::shared_ptr<bool> alive_;
  const uint64_t id_;
};

SimulatedConnection::SimulatedConnection(Broker& broker, asio::io_context& io, std::string name,
                                         std::function<void(std::function<void()>)> post)
    : broker_(broker), io_(io), name_(std::move(name)), post_(std::move(post)) {
  auto replies = std::make_shared<Subscriber>();
  replies->pattern = StrCat("_INBOX.", name_, ".*");
  replies->on_message = [this](bus::Message reply) {
    uint64_t token = 0;
    const size_t before = std::string_view("_INBOX..").size() + name_.size();
    if (!SimpleAtoi(reply.subject().substr(before), &token)) return;
    const auto found = waiters_.find(token);
    if (found == waiters_.end()) return;
    Waiter& waiter = *found->second;
    if (waiter.replies.size() >= bus::ReplyStream::kBufferedRepliesMax) {
      waiter.error = absl::ResourceExhaustedError("replies came faster than they were read");
    } else if (reply.payload().empty() && reply.Header("Status") == "503") {
      if (--waiter.outstanding > 0) return;  // another has it
      waiter.error = absl::UnavailableError("nobody answers on this subject");
    } else {
      waiter.replies.push_back(std::move(reply));
    }
    waiter.timer.cancel();
  };
  subscribers_[++last_id_] = std::move(replies);
  Reconnect();
}

SimulatedConnection::~SimulatedConnection() { Die(); }

void SimulatedConnection::Reconnect() {
  wire_ = broker_.Connect(name_);
  if (wire_ == nullptr) {
    const auto pause = broker_.simulation().random().Between(std::chrono::milliseconds(150),
                                                             std::chrono::milliseconds(400));
    broker_.simulation().After(pause, [this, alive = alive_] {
      if (!*alive) return;
      post_([this, alive] {
        if (*alive && wire_ == nullptr) Reconnect();
      });
    });
    return;
  }
  for (const auto& [id, subscriber] : subscribers_) Announce(id, *subscriber);
  SetState(State::kConnected);
}

void SimulatedConnection::Cut() {
  if (!*alive_ || wire_ == nullptr) return;
  broker_.simulation().Note(name_, "loses", "its connection");
  wire_->Cut();
  broker_.Forget(wire_);
  wire_ = nullptr;
  Random& random = broker_.simulation().random();
  post_([this, alive = alive_] {
    if (!*alive || state_ != State::kConnected) return;
    for (auto& [token, waiter] : waiters_) {
      waiter->error = absl::UnavailableError("the connection to NATS was lost");
      waiter->timer.cancel();
    }
    SetState(State::kReconnecting);
  });
  const auto pause = random.Between(std::chrono::milliseconds(1), std::chrono::milliseconds(400));
  broker_.simulation().After(pause, [this, alive = alive_] {
    if (!*alive) return;
    post_([this, alive] {
      if (*alive && wire_ == nullptr) Reconnect();
    });
  });
}

void SimulatedConnection::Die() {
  if (!*alive_) return;
  *alive_ = false;
  state_ = State::kClosed;
  if (wire_ != nullptr) {
    wire_->Cut();
    broker_.Forget(wire_);
  }
}

void SimulatedConnection::SetState(State state) {
  if (state_ == state) return;
  state_ = state;
  for (const auto& observer : observers_) observer(state);
}

void SimulatedConnection::Announce(uint64_t id, const Subscriber& subscriber) {
  auto deliver = [this, id](PacketPtr packet) {
    post_([this, alive = alive_, id, packet = std::move(packet)] {
      if (*alive) Deliver(id, packet);
    });
  };
  wire_->ToServer([broker = &broker_, wire = wire_, id, pattern = subscriber.pattern,
                   group = subscriber.queue_group, deliver = std::move(deliver)] {
    broker->Subscribe(wire, id, pattern, group, deliver);
  });
}

void SimulatedConnection::Deliver(uint64_t id, const PacketPtr& packet) {
  const auto found = subscribers_.find(id);
  if (found == subscribers_.end()) return;
  const std::shared_ptr<Subscriber> subscriber = found->second;
  broker_.simulation().Note(name_, "receives", packet->Describe());
  subscriber->on_message(
      bus::Message::Make(packet->subject, packet->reply, packet->headers, packet->payload));
}

Awaitable<absl::StatusOr<bus::Message>> SimulatedConnection::Request(std::string subject,
                                                                     bus::Headers headers,
                                                                     std::string payload,
                                                                     Deadline deadline) {
  SimulatedReplyStream stream(*this, deadline);
  stream.Send(subject, headers, payload);
  co_return co_await stream.ReplyStream::Next();
}

std::unique_ptr<bus::ReplyStream> SimulatedConnection::RequestStream(std::string subject,
                                                                     bus::Headers headers,
                                                                     std::string payload,
                                                                     Deadline deadline) {
  auto stream = std::make_unique<SimulatedReplyStream>(*this, deadline);
  stream->Send(subject, headers, payload);
  return stream;
}

absl::Status SimulatedConnection::Publish(const std::string& subject, const bus::Headers& headers,
                                          std::string_view payload,
                                          const std::string& reply_subject) {
  if (state_ != State::kConnected) return absl::UnavailableError("not connected to NATS");
  if (payload.size() > payload_bytes_max()) return absl::OutOfRangeError("too large");
  // Between the break and its discovery the socket takes what nobody will read.
  if (wire_ == nullptr) return absl::OkStatus();
  auto packet =
      std::make_shared<Packet>(Packet{subject, reply_subject, headers, std::string(payload)});
  std::erase_if(packet->headers, [](const auto& header) { return header.second.empty(); });
  wire_->ToServer([broker = &broker_, packet = std::move(packet)] { broker->Receive(packet); });
  return absl::OkStatus();
}

absl::StatusOr<bus::Subscription> SimulatedConnection::Subscribe(
    const std::string& subject, const std::string& queue_group,
    std::function<void(bus::Message)> on_message) {
  const uint64_t id = ++last_id_;
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->pattern = subject;
  subscriber->queue_group = queue_group;
  subscriber->on_message = std::move(on_message);
  if (wire_ != nullptr) Announce(id, *subscriber);
  subscribers_[id] = std::move(subscriber);
  return bus::Subscription(std::make_unique<Handle>(*this, id));
}

void SimulatedConnection::Unsubscribe(uint64_t id) {
  if (subscribers_.erase(id) == 0 || wire_ == nullptr) return;
  wire_->ToServer([broker = &broker_, wire = wire_, id] { broker->Unsubscribe(wire, id); });
}

// The server's confirmation comes behind all that it had sent before.
bool SimulatedConnection::Drained(uint64_t id) {
  const auto found = subscribers_.find(id);
  if (found == subscribers_.end() || wire_ == nullptr || found->second->drained) return true;
  if (found->second->draining) return false;
  found->second->draining = true;
  wire_->ToServer([broker = &broker_, wire = wire_, id, subscriber = found->second] {
    broker->Unsubscribe(wire, id);
    wire->ToClient([subscriber] { subscriber->drained = true; });
  });
  return false;
}

std::string SimulatedConnection::NewInbox() {
  return StrCat("_INBOX.", name_, ".own.", ++last_inbox_);
}

}  // namespace switchboard::sim
