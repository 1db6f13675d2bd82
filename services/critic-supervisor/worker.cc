#include "services/critic-supervisor/worker.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/base/strings.h"
#include "common/conversation/state.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "common/runtime/streams.h"
#include "common/runtime/validate.h"

namespace switchboard::critic_supervisor {
namespace {

using bus::Settlement;
using conversation::TurnName;
using std::chrono::milliseconds;

// For the writes after a turn.
constexpr milliseconds kWriteLimit{5000};
// Advisories are handled a few at a time: each is several reads and writes.
constexpr int kAdvisoriesMax = 16;

prometheus::Counter& Deliveries(const std::string& outcome) {
  return metrics::Counter("switchboard_work_deliveries_total",
                          "Deliveries of asynchronous turns by what came of them",
                          {{"outcome", outcome}});
}

bus::ConsumerConfig ExhaustedConfig() {
  bus::ConsumerConfig config;
  config.stream = runtime::kWorkStream;
  config.durable = kExhaustedConsumer;
  config.filter_subject = runtime::kExhaustedSubject;
  return config;
}

// The conversation's part of the subject: its turns follow one another.
std::string ConversationOf(const bus::Message& message) {
  const std::string_view subject = message.subject();
  return std::string(subject.substr(0, subject.rfind('.')));
}

// The turn in `message`. InvalidArgument: it can never be handled.
absl::Status Decode(const bus::Message& message, v1::TurnWork* work) {
  const auto name = conversation::TurnOfSubject(message.subject(), conversation::kWorkTurnPrefix);
  if (!name) return absl::InvalidArgumentError("the subject names no turn");
  const std::string_view payload = message.payload();
  if (!work->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::InvalidArgumentError("the payload is no TurnWork");
  }
  const v1::TurnRequest& request = work->request();
  if (request.turn_id() != name->turn_id || request.conversation_id() != name->conversation_id) {
    return absl::InvalidArgumentError("the payload is about another turn than the subject");
  }
  return runtime::Validate(*work);
}

}  // namespace

bool MaySucceedLater(const absl::Status& error) {
  switch (error.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kNotFound:
      return false;
    default:
      return true;
  }
}

Worker::Worker(bus::Connection& bus, std::string instance_id, Conduct conduct,
               WorkerOptions options)
    : bus_(bus),
      instance_id_(std::move(instance_id)),
      conduct_(std::move(conduct)),
      options_(std::move(options)),
      queue_(bus, "critic-supervisor"),
      dead_(bus),
      turns_(bus,
             conversation::WorkConsumerConfig(kTurnsConsumer, conversation::kWorkTurnPrefix,
                                              options_.backoff),
             conversation::WorkConsumerOptions(options_.in_flight_max, options_.backoff),
             ConversationOf,
             [this](std::shared_ptr<const bus::Message> message) {
               return Handle(std::move(message));
             }),
      exhausted_(bus, ExhaustedConfig(), {.batch_max = kAdvisoriesMax},
                 [this](std::span<const bus::Message> advisories) {
                   return dead_.HandleExhausted(advisories);
                 }),
      sweep_timer_(bus.io()) {}

Awaitable<void> Worker::RunTurns() { return turns_.Run(); }

Awaitable<void> Worker::RunExhausted() { return exhausted_.Run(); }

Awaitable<void> Worker::RunSweep() {
  while (!stopped_) {
    sweep_timer_.expires_after(options_.sweep_interval);
    boost::system::error_code ignored;
    co_await sweep_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (stopped_ || bus_.state() != bus::State::kConnected) continue;
    absl::Status swept = co_await dead_.Sweep();
    if (!swept.ok()) log::Warning("work queue not swept", {{"error", swept.ToString()}});
  }
}

void Worker::Stop() {
  stopped_ = true;
  turns_.Stop();
  exhausted_.Stop();
  sweep_timer_.cancel();
}

Awaitable<Settlement> Worker::Handle(std::shared_ptr<const bus::Message> message) {
  v1::TurnWork work;
  absl::Status readable = Decode(*message, &work);
  if (!readable.ok()) co_return co_await Failed(std::move(message), std::move(readable));
  runtime::Context context = runtime::Context::FromMessage(*message);
  context.turn_id = work.request().turn_id();
  context.conversation_id = work.request().conversation_id();
  context.deadline = Deadline::After(options_.turn_timeout);
  // One that came back from DEAD says that it was tried before.
  context.attempt = std::max(context.attempt, static_cast<int>(message->delivery_count()));
  absl::StatusOr<v1::TurnReply> reply = co_await conduct_(std::move(context), work.request());
  if (!reply.ok()) co_return co_await Failed(std::move(message), reply.status());
  co_return co_await Answered(std::move(message), std::move(work), *std::move(reply));
}

Awaitable<Settlement> Worker::Answered(std::shared_ptr<const bus::Message> message,
                                       v1::TurnWork work, v1::TurnReply reply) {
  if (!work.webhook_url().empty()) {
    runtime::Context context = runtime::Context::FromMessage(*message);
    context.turn_id = reply.turn_id();
    context.conversation_id = reply.conversation_id();
    context.deadline = Deadline::After(kWriteLimit);
    const TurnName name{reply.conversation_id(), reply.turn_id()};
    v1::TurnStatus outcome = conversation::AnsweredStatus(name, std::move(reply));
    absl::Status stored =
        co_await queue_.StoreWebhook(std::move(context), work.webhook_url(), std::move(outcome));
    // The answer stands; the next delivery finds it and tries this again.
    if (!stored.ok()) co_return co_await Failed(std::move(message), std::move(stored));
  }
  static auto& answered = Deliveries("answered");
  answered.Increment();
  co_return Settlement::kDone;
}

Awaitable<Settlement> Worker::Failed(std::shared_ptr<const bus::Message> message,
                                     absl::Status error) {
  const auto delivery = static_cast<uint32_t>(message->delivery_count());
  const auto name = conversation::TurnOfSubject(message->subject(), conversation::kWorkTurnPrefix);
  v1::TurnRetried attempt;
  if (name) {
    attempt.set_conversation_id(name->conversation_id);
    attempt.set_turn_id(name->turn_id);
  }
  attempt.set_delivery(delivery);
  attempt.set_reason(error.ToString(absl::StatusToStringMode::kWithNoExtraData));
  attempt.set_instance_id(instance_id_);
  conversation::SetTimestamp(*attempt.mutable_at(), absl::ToUnixMillis(absl::Now()));

  if (MaySucceedLater(error) && delivery <= options_.backoff.size()) {
    static auto& retried = Deliveries("retried");
    retried.Increment();
    absl::Status remembered = co_await dead_.Remember(message.get(), std::move(attempt));
    // Only the history is poorer without it.
    if (!remembered.ok()) {
      log::Warning("a failed delivery is not on record", {{"error", remembered.ToString()}});
    }
    co_return Settlement::kLater;
  }
  // An id that another request has used is answered, but not for this one.
  if (!absl::IsAlreadyExists(error)) {
    // The commit may have been stored although nobody heard of it.
    absl::StatusOr<bool> answered = co_await dead_.FinishAnswered(message.get());
    if (answered.ok() && *answered) {
      static auto& late = Deliveries("answered");
      late.Increment();
      co_return Settlement::kDone;
    }
    if (!answered.ok()) {
      log::Warning("it is not known whether a turn is answered",
                   {{"error", answered.status().ToString()}});
      co_return Settlement::kLater;
    }
  }
  static auto& dead = Deliveries("dead");
  dead.Increment();
  std::string reason = attempt.reason();
  absl::Status buried = co_await dead_.Bury(message.get(), std::move(reason), std::move(attempt));
  if (buried.ok()) co_return Settlement::kNever;
  // Another delivery buries it; after the last one, the server's advisory.
  log::Warning("a turn could not be put into DEAD", {{"error", buried.ToString()}});
  co_return Settlement::kLater;
}

}  // namespace switchboard::critic_supervisor
