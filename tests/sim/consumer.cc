#include "tests/sim/consumer.h"

#include <algorithm>

#include "common/base/strings.h"
#include "tests/sim/jetstream.h"

namespace switchboard::sim {
namespace {

PacketPtr StatusPacket(const std::string& to, std::string_view status) {
  return std::make_shared<Packet>(Packet{to, "", {{"Status", std::string(status)}}, ""});
}

}  // namespace

Consumer::Consumer(Broker& broker, Stream& stream, std::string name)
    : broker_(broker), stream_(stream), name_(std::move(name)) {}

void Consumer::Configure(const nlohmann::json& config) {
  filter_ = config.value("filter_subject", ">");
  ack_wait_ = std::chrono::nanoseconds(config.value("ack_wait", int64_t{30'000'000'000}));
  deliveries_max_ = config.value("max_deliver", -1);
  acks_pending_max_ = config.value("max_ack_pending", 1000u);
  backoff_.clear();
  for (const auto& wait : config.value("backoff", std::vector<int64_t>())) {
    backoff_.push_back(std::chrono::nanoseconds(wait));
  }
}

Clock::duration Consumer::AckWait(int deliveries) const {
  if (backoff_.empty()) return ack_wait_;
  return backoff_[std::min<size_t>(static_cast<size_t>(deliveries) - 1, backoff_.size() - 1)];
}

size_t Consumer::AcksPending() const {
  return static_cast<size_t>(std::count_if(pending_.begin(), pending_.end(),
                                           [](const auto& one) { return one.second.waiting; }));
}

void Consumer::Pull(const std::string& reply, const nlohmann::json& request) {
  const uint64_t number = ++last_number_;
  requests_.push_back({reply, request.value("batch", int64_t{1}), number});
  Pump();
  if (request.value("no_wait", false)) return EndRequest(number, "404");
  const auto expires = std::chrono::nanoseconds(request.value("expires", int64_t{0}));
  if (expires.count() > 0) {
    broker_.simulation().After(expires, [this, number] { EndRequest(number, "408"); });
  }
}

void Consumer::EndRequest(uint64_t number, std::string_view status) {
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const Request& one) { return one.number == number; });
  if (found == requests_.end()) return;
  broker_.Route(StatusPacket(found->reply, status));
  requests_.erase(found);
}

void Consumer::Pump() {
  if (broker_.down()) return;
  std::erase_if(requests_, [&](const Request& one) { return !broker_.HasInterest(one.reply); });
  while (!requests_.empty() && DeliverOne()) {
  }
}

// What is due again counts as pending, what has left the stream does not.
nlohmann::json Consumer::Info() const {
  const auto pending = std::count_if(pending_.begin(), pending_.end(), [this](const auto& one) {
    return stream_.Get(one.first) != nullptr;
  });
  return {{"name", name_},
          {"delivered", {{"stream_seq", next_sequence_ - 1}}},
          {"num_ack_pending", pending}};
}

// What is to be delivered again goes before what is new.
const StoredMessage* Consumer::NextMessage(Pending** pending) {
  for (auto one = pending_.begin(); one != pending_.end();) {
    const auto [sequence, state] = *one;
    if (state.waiting || state.due > broker_.simulation().now()) {
      ++one;
      continue;
    }
    const StoredMessage* message = stream_.Get(sequence);
    if (message != nullptr && (deliveries_max_ < 0 || state.deliveries < deliveries_max_)) {
      *pending = &one->second;
      return message;
    }
    one = pending_.erase(one);
    if (message != nullptr) Exhausted(sequence, state.deliveries);
  }
  if (AcksPending() >= acks_pending_max_) return nullptr;
  const StoredMessage* message = stream_.Next(filter_, next_sequence_, broker_.simulation().now());
  if (message == nullptr) return nullptr;
  next_sequence_ = message->sequence + 1;
  *pending = &pending_[message->sequence];
  return message;
}

bool Consumer::DeliverOne() {
  Pending* pending = nullptr;
  const StoredMessage* message = NextMessage(&pending);
  if (message == nullptr) return false;
  ++pending->deliveries;
  Request& request = requests_.front();
  auto packet = std::make_shared<Packet>(*message->packet);
  // The inbox is where it goes; the subject stays what it was.
  packet->reply = StrCat("$JS.ACK.", stream_.name(), ".", name_, ".", pending->deliveries, ".",
                         message->sequence, ".", ++delivered_, ".0.0");
  broker_.simulation().Note("server", "delivers", packet->reply);
  broker_.RouteTo(request.reply, packet);
  if (--request.left == 0) requests_.pop_front();
  if (stream_.work_queue() && broker_.jetstream().sabotage.delivery_is_acknowledgement) {
    const uint64_t sequence = message->sequence;
    pending_.erase(sequence);
    stream_.Remove(sequence);
  } else {
    WaitForAck(message->sequence);
  }
  return true;
}

void Consumer::WaitForAck(uint64_t sequence) {
  Pending& pending = pending_[sequence];
  pending.waiting = true;
  const uint64_t turn = ++pending.turn;
  broker_.simulation().After(AckWait(pending.deliveries), [this, sequence, turn] {
    const auto found = pending_.find(sequence);
    if (found == pending_.end() || found->second.turn != turn) return;
    DeliverLater(sequence, {});
  });
}

void Consumer::DeliverLater(uint64_t sequence, Clock::duration delay) {
  Pending& pending = pending_[sequence];
  pending.waiting = false;
  ++pending.turn;
  pending.due = broker_.simulation().now() + delay;
  broker_.simulation().After(delay, [this] { Pump(); });
}

void Consumer::Acknowledge(uint64_t sequence, std::string_view word) {
  const auto found = pending_.find(sequence);
  if (found == pending_.end()) return;
  if (word.substr(0, 4) == "-NAK") {
    int64_t delay = 0;
    if (const size_t brace = word.find('{'); brace != std::string_view::npos) {
      delay = nlohmann::json::parse(word.substr(brace), nullptr, false).value("delay", int64_t{0});
    }
    return DeliverLater(sequence, std::chrono::nanoseconds(delay));
  }
  if (word == "+WPI") {
    if (found->second.waiting) WaitForAck(sequence);
    return;
  }
  pending_.erase(found);
  if (stream_.work_queue()) stream_.Remove(sequence);
  Pump();
}

void Consumer::Exhausted(uint64_t sequence, int deliveries) {
  broker_.simulation().Note(stream_.name(), "gives up", StrCat(sequence));
  if (broker_.jetstream().sabotage.advisories_lost) return;
  const nlohmann::json advisory = {{"type", "io.nats.jetstream.advisory.v1.max_deliver"},
                                   {"stream", stream_.name()},
                                   {"consumer", name_},
                                   {"stream_seq", sequence},
                                   {"deliveries", deliveries}};
  const std::string subject =
      StrCat("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.", stream_.name(), ".", name_);
  auto packet = std::make_shared<Packet>(Packet{subject, "", {}, advisory.dump()});
  broker_.simulation().After({}, [this, packet] { broker_.Receive(packet); });
}

}  // namespace switchboard::sim
