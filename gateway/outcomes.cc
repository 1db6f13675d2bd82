#include "gateway/outcomes.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/conversation/work_queue.h"
#include "common/observability/metrics.h"
#include "common/runtime/streams.h"

namespace switchboard::gateway {
namespace {

// Callers come back after so long when the room is full.
constexpr int kRetryAfterMs = 1000;

prometheus::Gauge& Waiting() {
  static auto& gauge = metrics::Gauge("switchboard_gateway_outcomes_waiting",
                                      "Callers that wait for the outcome of an asynchronous turn");
  return gauge;
}

}  // namespace

struct Outcomes::Place::Room {
  Room(bus::Connection& connection, int most) : bus(connection), waiting_max(most) {}

  absl::Status Listen();
  void Wake(std::string_view conversation_id);

  bus::Connection& bus;
  const int waiting_max;
  bool closing = false;
  std::unordered_multimap<std::string, Place*> places;
  std::vector<bus::Subscription> subscriptions;
};

absl::Status Outcomes::Place::Room::Listen() {
  // All or nothing: with one of them only, nobody would try the other again.
  std::vector<bus::Subscription> both;
  for (const std::string& prefix :
       {std::string(runtime::kTurnStoredPrefix), std::string(conversation::kDeadTurnPrefix)}) {
    ASSIGN_OR_RETURN(bus::Subscription heard,
                     bus.Subscribe(prefix + ">", "", [this, prefix](bus::Message message) {
                       const std::string_view rest = message.subject().substr(prefix.size());
                       Wake(rest.substr(0, rest.find('.')));
                     }));
    both.push_back(std::move(heard));
  }
  subscriptions = std::move(both);
  return absl::OkStatus();
}

void Outcomes::Place::Room::Wake(std::string_view conversation_id) {
  const auto [begin, end] = places.equal_range(std::string(conversation_id));
  for (auto place = begin; place != end; ++place) {
    place->second->news_ = true;
    place->second->wake_.cancel();
  }
}

Outcomes::Place::Place(std::shared_ptr<Room> room, std::string conversation_id)
    : room_(std::move(room)), conversation_id_(std::move(conversation_id)), wake_(room_->bus.io()) {
  room_->places.emplace(conversation_id_, this);
  Waiting().Set(static_cast<double>(room_->places.size()));
}

Outcomes::Place::~Place() {
  const auto [begin, end] = room_->places.equal_range(conversation_id_);
  for (auto place = begin; place != end; ++place) {
    if (place->second != this) continue;
    room_->places.erase(place);
    break;
  }
  if (room_->places.empty()) room_->subscriptions.clear();
  Waiting().Set(static_cast<double>(room_->places.size()));
}

bool Outcomes::Place::closing() const { return room_->closing; }

Awaitable<void> Outcomes::Place::WaitForNews(std::chrono::milliseconds limit) {
  if (!news_ && !room_->closing) {
    wake_.expires_after(limit);
    boost::system::error_code woken;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  news_ = false;
}

Outcomes::Outcomes(bus::Connection& bus, int waiting_max)
    : room_(std::make_shared<Place::Room>(bus, waiting_max)) {}

absl::StatusOr<std::unique_ptr<Outcomes::Place>> Outcomes::Enter(std::string conversation_id) {
  if (room_->closing) {
    return WithRetryAfterMs(absl::UnavailableError("this gateway is leaving"), kRetryAfterMs);
  }
  if (static_cast<int>(room_->places.size()) >= room_->waiting_max) {
    return WithRemedy(
        WithRetryAfterMs(
            absl::UnavailableError("as many callers wait for outcomes as this gateway takes"),
            kRetryAfterMs),
        "ask again without waiting, or after Retry-After");
  }
  if (room_->subscriptions.empty()) RETURN_IF_ERROR(room_->Listen());
  return std::unique_ptr<Place>(new Place(room_, std::move(conversation_id)));
}

void Outcomes::Close() {
  room_->closing = true;
  for (auto& [conversation, place] : room_->places) place->wake_.cancel();
}

}  // namespace switchboard::gateway
