#include "common/bus/work_consumer.h"

#include <algorithm>

#include "common/base/strings.h"
#include "common/bus/jetstream_api.h"
#include "common/observability/log.h"

namespace switchboard::bus {
namespace {

// How long after its own limit a fetch may stay silent before it is asked again.
constexpr std::chrono::milliseconds kFetchGrace{2000};

}  // namespace

// What the subscription leaves for Run; outlives the consumer when a message is on its way.
struct WorkConsumer::Intake {
  explicit Intake(asio::io_context& io) : wake(io) {}
  std::deque<Message> messages;
  // The fetch under way has ended.
  bool ended = false;
  // It ended because the consumer or JetStream itself is gone.
  bool trouble = false;
  Timer wake;
};

WorkConsumer::WorkConsumer(Connection& connection, ConsumerConfig config, Options options, Key key,
                           Handler handler)
    : connection_(connection),
      config_(std::move(config)),
      options_(options),
      key_(std::move(key)),
      handler_(std::move(handler)),
      intake_(std::make_shared<Intake>(connection.io())) {}

void WorkConsumer::Stop() {
  stopped_ = true;
  // First of all: the fetch under way would bring back what is given back here, again and again,
  // until the last delivery is used up. Nobody listening voids it.
  subscription_.Reset();
  GiveBackIdle();
  intake_->wake.cancel();
}

Awaitable<void> WorkConsumer::Wait(std::chrono::milliseconds limit) {
  intake_->wake.expires_after(limit);
  boost::system::error_code ignored;
  co_await intake_->wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Awaitable<void> WorkConsumer::Run() {
  const std::string inbox = connection_.NewInbox();
  absl::StatusOr<Subscription> subscription =
      connection_.Subscribe(inbox, "", [intake = intake_](Message message) {
        if (const std::string_view status = message.Header("Status"); !status.empty()) {
          // 100: idle; 404, 408: nothing there; 409: the rest of the request is void.
          if (status == "100") return;
          intake->ended = true;
          intake->trouble = status != "404" && status != "408";
        } else {
          intake->messages.push_back(std::move(message));
        }
        intake->wake.cancel();
      });
  if (!subscription.ok()) {
    log::Error("consumer cannot subscribe",
               {{"consumer", config_.durable}, {"error", subscription.status().ToString()}});
    co_return;
  }
  if (!stopped_) subscription_ = *std::move(subscription);
  while (!stopped_ || in_flight_ > 0) {
    if (connection_.state() == State::kClosed) co_return;
    TakeIn();
    SayWorking();
    bool asked = true;
    if (!stopped_ && asked_ == 0 && Room() > 0 && pause_until_.expired()) {
      asked = co_await Ensure();
      asked = asked && Ask(inbox);
      // What arrived meanwhile has woken nobody.
      if (!intake_->messages.empty()) continue;
    }
    if (!asked) pause_until_ = Deadline::After(options_.retry_delay);
    std::chrono::milliseconds pause =
        asked_ > 0 ? asked_until_.Remaining() : pause_until_.Remaining();
    if (in_flight_ > 0) {
      pause = asked_ > 0 ? std::min(pause, options_.working_interval) : options_.working_interval;
    }
    co_await Wait(std::max(pause, std::chrono::milliseconds(1)));
  }
}

Awaitable<bool> WorkConsumer::Ensure() {
  if (connection_.state() != State::kConnected) co_return false;
  if (ensured_) co_return true;
  absl::Status status = co_await EnsureConsumer(connection_, config_, Deadline::After(kFetchGrace));
  ensured_ = status.ok();
  if (!ensured_) {
    log::Warning("consumer not ready",
                 {{"consumer", config_.durable}, {"error", status.ToString()}});
  }
  co_return ensured_;
}

int WorkConsumer::Room() const {
  const int begun = static_cast<int>(lines_.size());
  return std::min(options_.in_flight_max - begun,
                  options_.in_flight_max + options_.waiting_max - in_flight_);
}

bool WorkConsumer::Ask(const std::string& inbox) {
  const int wanted = Room();
  if (stopped_ || wanted <= 0) return true;
  const nlohmann::json request = {{"batch", wanted}, {"expires", Nanoseconds(options_.wait)}};
  intake_->ended = false;
  intake_->trouble = false;
  absl::Status sent = connection_.Publish(
      StrCat("$JS.API.CONSUMER.MSG.NEXT.", config_.stream, ".", config_.durable), {},
      request.dump(), inbox);
  if (!sent.ok()) return false;
  asked_ = wanted;
  asked_until_ = Deadline::After(options_.wait + kFetchGrace);
  return true;
}

// Puts what has arrived into its lines, and forgets a fetch that has ended.
void WorkConsumer::TakeIn() {
  while (!intake_->messages.empty()) {
    auto message = std::make_shared<const Message>(std::move(intake_->messages.front()));
    intake_->messages.pop_front();
    asked_ = std::max(0, asked_ - 1);
    ++in_flight_;
    const std::string key = key_(*message);
    Line& line = lines_[key];
    line.push_back(std::move(message));
    if (line.size() == 1) Begin(key);
  }
  if (asked_ > 0 && (intake_->ended || asked_until_.expired())) {
    asked_ = 0;
    // Silence and trouble both mean that the server may have forgotten us.
    if (intake_->trouble || !intake_->ended) ensured_ = false;
    if (intake_->trouble) pause_until_ = Deadline::After(options_.retry_delay);
  }
}

// What has arrived but not begun.
void WorkConsumer::GiveBackIdle() {
  while (!intake_->messages.empty()) {
    Answer(intake_->messages.front(), "-NAK");
    intake_->messages.pop_front();
  }
  for (auto& [key, line] : lines_) GiveBack(line, 1);
}

// All but the first `kept`, to be delivered elsewhere at once.
void WorkConsumer::GiveBack(Line& line, size_t kept) {
  while (line.size() > kept) {
    Answer(*line.back(), "-NAK");
    line.pop_back();
    --in_flight_;
  }
}

void WorkConsumer::Begin(const std::string& key) {
  const std::shared_ptr<const Message> message = lines_[key].front();
  asio::co_spawn(connection_.io(), handler_(message),
                 [this, key, message](std::exception_ptr error, Settlement settlement) {
                   if (error) {
                     log::Error("a handler failed with an exception",
                                {{"consumer", config_.durable}, {"subject", message->subject()}});
                   }
                   Settle(*message, error ? Settlement::kLater : settlement);
                   --in_flight_;
                   Line& line = lines_[key];
                   line.pop_front();
                   if (line.empty()) {
                     lines_.erase(key);
                   } else {
                     Begin(key);
                   }
                   intake_->wake.cancel();
                 });
}

void WorkConsumer::Settle(const Message& message, Settlement settlement) {
  switch (settlement) {
    case Settlement::kDone:
      return Answer(message, "+ACK");
    case Settlement::kNever:
      return Answer(message, "+TERM");
    case Settlement::kLater:
      // The back-off begins now, and silence is how it passes: a NAK with a delay would add
      // (this back-off - the first one) to what it asks for (ADR 7).
      return Answer(message, "+WPI");
  }
}

void WorkConsumer::Answer(const Message& message, std::string_view word) {
  // A word that is lost means another delivery, which the handler must bear anyway.
  (void)connection_.Publish(std::string(message.reply_subject()), {}, word);
}

void WorkConsumer::SayWorking() {
  if (Clock::now() - said_working_ < options_.working_interval / 2) return;
  said_working_ = Clock::now();
  for (const auto& [key, line] : lines_) {
    for (const std::shared_ptr<const Message>& message : line) Answer(*message, "+WPI");
  }
}

}  // namespace switchboard::bus
