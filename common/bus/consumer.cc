#include <deque>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/bus/jetstream_api.h"
#include "common/observability/log.h"

namespace switchboard::bus {
namespace {

// How long after its own limit a fetch may stay silent before it is asked again.
constexpr std::chrono::milliseconds kFetchGrace{2000};

bool IsStatus(const Message& message) { return !message.Header("Status").empty(); }

}  // namespace

// One fetch's answers, collected by the subscription on its inbox.
struct Consumer::Intake {
  explicit Intake(asio::io_context& io) : arrived(io) {}
  std::deque<Message> messages;
  bool status_seen = false;
  // A status that says more than "nothing there": the consumer or JetStream itself is gone.
  bool trouble = false;
  Timer arrived;
};

Consumer::Consumer(Connection& connection, ConsumerConfig config, BatchOptions options,
                   Handler handler)
    : connection_(connection),
      config_(std::move(config)),
      options_(options),
      handler_(std::move(handler)),
      wake_(connection.io()),
      intake_(std::make_shared<Intake>(connection.io())) {}

void Consumer::Stop() {
  stopped_ = true;
  wake_.cancel();
  intake_->arrived.cancel();
}

Awaitable<void> Consumer::Pause(std::chrono::milliseconds duration) {
  if (stopped_) co_return;
  wake_.expires_after(duration);
  boost::system::error_code ignored;
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Awaitable<void> Consumer::Run() {
  const std::string inbox = connection_.NewInbox();
  absl::StatusOr<Subscription> subscription =
      connection_.Subscribe(inbox, "", [intake = intake_](Message message) {
        if (IsStatus(message)) {
          const std::string_view status = message.Header("Status");
          intake->status_seen = true;
          intake->trouble = status != "404" && status != "408";
        } else {
          intake->messages.push_back(std::move(message));
        }
        intake->arrived.cancel();
      });
  if (!subscription.ok()) {
    log::Error("consumer cannot subscribe",
               {{"consumer", config_.durable}, {"error", subscription.status().ToString()}});
    co_return;
  }
  bool ensured = false;
  while (!stopped_) {
    if (connection_.state() == State::kClosed) co_return;
    if (connection_.state() != State::kConnected) {
      co_await Pause(options_.retry_delay);
      continue;
    }
    if (!ensured) {
      absl::Status status =
          co_await EnsureConsumer(connection_, config_, Deadline::After(kFetchGrace));
      ensured = status.ok();
      if (!ensured) {
        log::Warning("consumer not ready",
                     {{"consumer", config_.durable}, {"error", status.ToString()}});
        co_await Pause(options_.retry_delay);
        continue;
      }
    }
    // What is there already, many at once; else wait for one.
    bool answered = co_await Fetch(inbox, options_.batch_max, std::chrono::milliseconds(0));
    if (answered && intake_->messages.empty() && !stopped_) {
      answered = co_await Fetch(inbox, 1, options_.wait);
    }
    // Silence means that the server forgot us (restart, consumer removed): make sure it knows.
    ensured = answered;
    if (!intake_->messages.empty()) co_await HandleBatch();
  }
}

Awaitable<bool> Consumer::Fetch(std::string inbox, int batch, std::chrono::milliseconds wait) {
  nlohmann::json request = {{"batch", batch}};
  if (wait.count() > 0) {
    request["expires"] = Nanoseconds(wait);
  } else {
    request["no_wait"] = true;
  }
  intake_->status_seen = false;
  intake_->trouble = false;
  absl::Status sent = connection_.Publish(
      StrCat("$JS.API.CONSUMER.MSG.NEXT.", config_.stream, ".", config_.durable), {},
      request.dump(), inbox);
  if (!sent.ok()) {
    co_await Pause(options_.retry_delay);
    co_return false;
  }
  const Deadline deadline = Deadline::After(wait + kFetchGrace);
  const auto wanted = static_cast<size_t>(batch);
  while (!stopped_ && !intake_->status_seen && intake_->messages.size() < wanted) {
    intake_->arrived.expires_at(deadline.at());
    boost::system::error_code error;
    co_await intake_->arrived.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return false;
  }
  if (intake_->trouble) {
    co_await Pause(options_.retry_delay);
    co_return false;
  }
  co_return true;
}

Awaitable<void> Consumer::HandleBatch() {
  std::vector<Message> batch;
  while (!intake_->messages.empty() && batch.size() < static_cast<size_t>(options_.batch_max)) {
    batch.push_back(std::move(intake_->messages.front()));
    intake_->messages.pop_front();
  }
  const std::span<const Message> view(batch);
  absl::Status status;
  try {
    status = co_await handler_(view);
  } catch (const std::exception& thrown) {
    status = absl::InternalError(StrCat("exception: ", thrown.what()));
  }
  std::string answer = "+ACK";
  if (!status.ok()) {
    log::Warning("batch not handled, will be delivered again",
                 {{"consumer", config_.durable},
                  {"messages", static_cast<uint64_t>(batch.size())},
                  {"error", status.ToString()}});
    answer = StrCat("-NAK {\"delay\": ", Nanoseconds(options_.retry_delay), "}");
  }
  for (const Message& message : batch) {
    // An acknowledgement that is lost means another delivery, which the handler must bear anyway.
    (void)connection_.Publish(std::string(message.reply_subject()), {}, answer);
  }
  if (!status.ok()) co_await Pause(options_.retry_delay);
}

}  // namespace switchboard::bus
