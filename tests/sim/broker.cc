#include "tests/sim/broker.h"

#include <algorithm>
#include <map>

#include "common/base/strings.h"
#include "tests/sim/jetstream.h"

namespace switchboard::sim {

std::string_view Packet::Header(std::string_view name) const {
  for (const auto& header : headers) {
    if (header.first == name) return header.second;
  }
  return {};
}

std::string Packet::Describe() const {
  std::string text = subject;
  for (const char* name : {"Mesh-Turn", "Mesh-Type", "Mesh-Status", "Mesh-Stream", "Status"}) {
    if (const std::string_view value = Header(name); !value.empty()) StrAppend(&text, " ", value);
  }
  return text;
}

bool Matches(std::string_view pattern, std::string_view subject) {
  for (;;) {
    const size_t pattern_end = pattern.find('.');
    const size_t subject_end = subject.find('.');
    const std::string_view token = pattern.substr(0, pattern_end);
    if (token == ">") return !subject.empty();
    if (token != "*" && token != subject.substr(0, subject_end)) return false;
    if (pattern_end == std::string_view::npos || subject_end == std::string_view::npos) {
      return pattern_end == subject_end;
    }
    pattern.remove_prefix(pattern_end + 1);
    subject.remove_prefix(subject_end + 1);
  }
}

void Wire::Send(Direction& direction, std::function<void()> arrival) {
  if (cut_) return;
  Random& random = simulation_.random();
  const auto most = random.Chance(0.01) ? weather_.delay_rare : weather_.delay_most;
  const auto at = std::max(direction.last_arrival,
                           simulation_.now() + random.Between(weather_.delay_least, most));
  direction.last_arrival = at;
  direction.under_way.push_back(std::move(arrival));
  auto shared = &direction == &up_ ? up_shared_ : down_shared_;
  simulation_.After(at - simulation_.now(), [shared] {
    if (shared->under_way.empty()) return;  // lost with the wire
    const std::function<void()> arrived = std::move(shared->under_way.front());
    shared->under_way.pop_front();
    arrived();
  });
}

void Wire::Cut() {
  if (cut_) return;
  cut_ = true;
  const size_t arriving = simulation_.random().Below(up_.under_way.size() + 1);
  up_.under_way.resize(arriving);
  down_.under_way.clear();
}

Broker::Broker(Simulation& simulation, Weather weather)
    : simulation_(simulation), weather_(weather), jetstream_(std::make_unique<JetStream>(*this)) {}

Broker::~Broker() = default;

WirePtr Broker::Connect(const std::string& owner) {
  if (down_) return nullptr;
  return std::make_shared<Wire>(simulation_, weather_, owner);
}

void Broker::Forget(const WirePtr& wire) {
  const auto after = simulation_.random().Between({}, weather_.detection_most);
  simulation_.After(after, [this, wire] {
    std::erase_if(subscriptions_, [&](const Subscription& one) { return one.wire == wire; });
  });
}

void Broker::Subscribe(const WirePtr& wire, uint64_t id, std::string pattern,
                       std::string queue_group, Deliver deliver) {
  if (wire->cut()) return;
  const size_t literal = std::min(pattern.find_first_of("*>"), pattern.size());
  subscriptions_.push_back(
      {wire, id, std::move(pattern), std::move(queue_group), std::move(deliver), literal});
}

bool Broker::Subscription::Wants(std::string_view subject) const {
  if (subject.compare(0, literal, pattern, 0, literal) != 0) return false;
  return literal == pattern.size() ? subject.size() == literal : Matches(pattern, subject);
}

void Broker::Unsubscribe(const WirePtr& wire, uint64_t id) {
  std::erase_if(subscriptions_,
                [&](const Subscription& one) { return one.wire == wire && one.id == id; });
}

bool Broker::HasInterest(std::string_view subject) const {
  return std::any_of(subscriptions_.begin(), subscriptions_.end(),
                     [&](const Subscription& one) { return one.Wants(subject); });
}

// Core NATS doubles nothing of itself; a client that sends again does, and only requests are sent
// again.
bool Broker::MayBeDoubled(const Packet& packet) const {
  return !packet.reply.empty() && packet.subject.compare(0, 5, "mesh.") == 0;
}

void Broker::Receive(PacketPtr packet) {
  if (down_) return;
  simulation_.Note("server", "takes", packet->Describe());
  if (weather_.doubling > 0 && MayBeDoubled(*packet) &&
      simulation_.random().Chance(weather_.doubling)) {
    const auto later = simulation_.random().Between({}, std::chrono::milliseconds(500));
    simulation_.After(later, [this, packet] {
      simulation_.Note("server", "takes again", packet->Describe());
      if (!jetstream_->Take(packet)) Route(packet);
    });
  }
  if (jetstream_->Take(packet) || Route(packet) || packet->reply.empty()) return;
  Route(std::make_shared<Packet>(Packet{packet->reply, "", {{"Status", "503"}}, ""}));
}

bool Broker::Route(const PacketPtr& packet) { return RouteTo(packet->subject, packet); }

bool Broker::RouteTo(std::string_view subject, const PacketPtr& packet) {
  std::map<std::string_view, std::vector<size_t>> groups;
  std::vector<size_t> chosen;
  for (size_t i = 0; i < subscriptions_.size(); ++i) {
    const Subscription& one = subscriptions_[i];
    if (!one.Wants(subject)) continue;
    if (one.queue_group.empty()) {
      chosen.push_back(i);
    } else {
      groups[one.queue_group].push_back(i);
    }
  }
  for (const auto& [group, members] : groups) {
    chosen.push_back(members[simulation_.random().Below(members.size())]);
  }
  for (const size_t i : chosen) Send(subscriptions_[i], packet);
  return !chosen.empty();
}

void Broker::Send(const Subscription& subscription, const PacketPtr& packet) {
  // What a process sends to itself meets one server and no route between servers.
  const bool to_itself = packet->subject.find(".own.") != std::string::npos;
  if (weather_.loss > 0 && !to_itself && simulation_.random().Chance(weather_.loss)) {
    simulation_.Note("server", "loses", packet->Describe());
    return;
  }
  subscription.wire->ToClient([deliver = subscription.deliver, packet] { deliver(packet); });
}

}  // namespace switchboard::sim
