// The simulated NATS server and the wires to it.
//
// What holds in core NATS holds here: one wire keeps its order, wires know nothing of each other;
// one member of a queue group gets a message; a request nobody listens to is answered 503; and what
// is on a wire that breaks is lost, of which the server may learn late. On top of it the dice may
// lose or double a message that passes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus/message.h"
#include "tests/sim/simulation.h"

namespace switchboard::sim {

struct Packet {
  std::string subject;
  std::string reply;
  bus::Headers headers;
  std::string payload;

  // Empty when it is not there.
  std::string_view Header(std::string_view name) const;
  // For the diary: what it is and whose.
  std::string Describe() const;
};
using PacketPtr = std::shared_ptr<const Packet>;

// Whether `subject` is one of those that `pattern` ("a.*.c", "a.>") means.
bool Matches(std::string_view pattern, std::string_view subject);

// How the network behaves.
struct Weather {
  std::chrono::microseconds delay_least{50};
  std::chrono::microseconds delay_most{2000};
  // A message in a hundred or so takes up to this long, and all behind it on its wire.
  std::chrono::microseconds delay_rare{20000};
  // Of messages between the server and a subscriber.
  double loss = 0;
  // Of requests: as if their sender had sent them again.
  double doubling = 0;
  // A cluster: direct gets may come from a replica that is behind.
  bool replicated = false;
  // How late the server sees that a process is gone.
  std::chrono::microseconds detection_most{100000};
};

// One connection's wire, both directions. What is sent arrives in order or not at all.
class Wire {
 public:
  Wire(Simulation& simulation, const Weather& weather, std::string owner)
      : simulation_(simulation), weather_(weather), owner_(std::move(owner)) {}

  void ToServer(std::function<void()> arrival) { Send(up_, std::move(arrival)); }
  void ToClient(std::function<void()> arrival) { Send(down_, std::move(arrival)); }
  // Of what is under way to the server, the first few still arrive; what is under way to the
  // client does not. Nothing can be sent any more.
  void Cut();
  bool cut() const { return cut_; }
  const std::string& owner() const { return owner_; }

 private:
  struct Direction {
    std::deque<std::function<void()>> under_way;
    Clock::time_point last_arrival{};
  };
  void Send(Direction& direction, std::function<void()> arrival);

  Simulation& simulation_;
  const Weather& weather_;
  const std::string owner_;
  // Shared with the agenda: arrivals outlast the wire that was cut.
  std::shared_ptr<Direction> up_shared_ = std::make_shared<Direction>();
  std::shared_ptr<Direction> down_shared_ = std::make_shared<Direction>();
  Direction& up_ = *up_shared_;
  Direction& down_ = *down_shared_;
  bool cut_ = false;
};
using WirePtr = std::shared_ptr<Wire>;

class JetStream;

class Broker {
 public:
  using Deliver = std::function<void(PacketPtr)>;

  Broker(Simulation& simulation, Weather weather);
  ~Broker();

  Simulation& simulation() { return simulation_; }
  JetStream& jetstream() { return *jetstream_; }
  Weather& weather() { return weather_; }

  // Null while the server is down.
  WirePtr Connect(const std::string& owner);
  // To be called when the wire is cut: after a while, that the server forgets its subscriptions.
  void Forget(const WirePtr& wire);
  void SetDown(bool down) { down_ = down; }
  bool down() const { return down_; }

  // On arrival at the server. `deliver` is called on the client's side.
  void Subscribe(const WirePtr& wire, uint64_t id, std::string pattern, std::string queue_group,
                 Deliver deliver);
  void Unsubscribe(const WirePtr& wire, uint64_t id);
  void Receive(PacketPtr packet);

  // Hands the packet to whoever listens; false when nobody does. The server's own messages begin
  // here.
  bool Route(const PacketPtr& packet);
  // The same, to whoever listens on `subject` instead of the packet's own: a pull consumer's
  // messages keep their subject.
  bool RouteTo(std::string_view subject, const PacketPtr& packet);
  bool HasInterest(std::string_view subject) const;

 private:
  struct Subscription {
    WirePtr wire;
    uint64_t id;
    std::string pattern;
    std::string queue_group;
    Deliver deliver;
    // Of the pattern, up to its first wildcard: what most subjects differ in already.
    size_t literal;

    bool Wants(std::string_view subject) const;
  };
  void Send(const Subscription& subscription, const PacketPtr& packet);
  bool MayBeDoubled(const Packet& packet) const;

  Simulation& simulation_;
  Weather weather_;
  std::unique_ptr<JetStream> jetstream_;
  std::vector<Subscription> subscriptions_;
  bool down_ = false;
};

}  // namespace switchboard::sim
