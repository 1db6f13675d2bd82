// A simulated process's connection to the simulated server: bus::Connection with the promises of
// the real one (common/bus/connection.h).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/bus/connection.h"
#include "tests/sim/broker.h"

namespace switchboard::sim {

class SimulatedConnection : public bus::Connection {
 public:
  // `post` runs something on the process's loop, soon. `name` makes inboxes its own.
  SimulatedConnection(Broker& broker, asio::io_context& io, std::string name,
                      std::function<void(std::function<void()>)> post);
  ~SimulatedConnection() override;

  // The wire breaks; the process notices, and tries again until it has another.
  void Cut();
  // The process is gone: nothing goes in or out any more, and nobody is told.
  void Die();
  size_t requests_waiting() const { return waiters_.size(); }

  Awaitable<absl::StatusOr<bus::Message>> Request(std::string subject, bus::Headers headers,
                                                  std::string payload, Deadline deadline) override;
  std::unique_ptr<bus::ReplyStream> RequestStream(std::string subject, bus::Headers headers,
                                                  std::string payload, Deadline deadline) override;
  absl::Status Publish(const std::string& subject, const bus::Headers& headers,
                       std::string_view payload, const std::string& reply_subject = "") override;
  absl::StatusOr<bus::Subscription> Subscribe(
      const std::string& subject, const std::string& queue_group,
      std::function<void(bus::Message)> on_message) override;
  bus::State state() const override { return state_; }
  void OnStateChange(std::function<void(bus::State)> callback) override {
    observers_.push_back(std::move(callback));
  }
  std::string NewInbox() override;
  size_t payload_bytes_max() const override { return 1 << 20; }
  bool replicated() const override { return broker_.weather().replicated; }
  asio::io_context& io() override { return io_; }
  Awaitable<bool> Flush(Deadline) override { co_return state_ == bus::State::kConnected; }
  void Close() override { Die(); }

 private:
  friend class SimulatedReplyStream;
  class Handle;
  struct Waiter;
  struct Subscriber {
    std::string pattern;
    std::string queue_group;
    std::function<void(bus::Message)> on_message;
    bool draining = false;
    bool drained = false;
  };

  void Reconnect();
  void Announce(uint64_t id, const Subscriber& subscriber);
  void Deliver(uint64_t id, const PacketPtr& packet);
  void Unsubscribe(uint64_t id);
  bool Drained(uint64_t id);
  void SetState(bus::State state);

  Broker& broker_;
  asio::io_context& io_;
  const std::string name_;
  const std::function<void(std::function<void()>)> post_;
  // What was posted or put on the agenda finds out here that the connection is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  WirePtr wire_;
  bus::State state_ = bus::State::kReconnecting;
  uint64_t last_id_ = 0;
  uint64_t last_inbox_ = 0;
  std::map<uint64_t, std::shared_ptr<Subscriber>> subscribers_;
  std::map<uint64_t, Waiter*> waiters_;
  std::vector<std::function<void(bus::State)>> observers_;
};

}  // namespace switchboard::sim
