#include "common/bus/key_value.h"

#include <algorithm>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream_api.h"
#include "common/observability/log.h"

namespace switchboard::bus {
namespace {

constexpr std::chrono::seconds kHeartbeat{2};
// Two heartbeats missed and a little: the consumer is gone.
constexpr std::chrono::seconds kSilenceMax{5};
constexpr std::chrono::milliseconds kRetryDelay{300};

absl::Status CheckKey(std::string_view key) {
  const bool valid = !key.empty() && key.size() <= 256 && key.front() != '.' && key.back() != '.' &&
                     key.find("..") == std::string_view::npos &&
                     std::all_of(key.begin(), key.end(), [](char c) {
                       return absl::ascii_isalnum(c) ||
                              std::string_view("-_=./").find(c) != std::string_view::npos;
                     });
  if (valid) return absl::OkStatus();
  return InvalidField("key", StrCat("\"", key, "\" is not a key"),
                      "use letters, digits and - _ = . / with no dot at either end");
}

bool IsDeleteMarker(const Message& message) {
  const std::string_view operation = message.Header("KV-Operation");
  return operation == "DEL" || operation == "PURGE";
}

// What an ordered push consumer says of a delivery in its reply subject:
// $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>
struct Position {
  uint64_t stream_sequence = 0;
  uint64_t consumer_sequence = 0;
  uint64_t pending = 0;
};

Position ParsePosition(std::string_view reply) {
  const std::vector<std::string_view> tokens = StrSplit(reply, '.');
  Position position;
  const size_t first = tokens.size() >= 11 ? 7 : 5;
  if (tokens.size() >= first + 4) {
    (void)SimpleAtoi(tokens[first], &position.stream_sequence);
    (void)SimpleAtoi(tokens[first + 1], &position.consumer_sequence);
    (void)SimpleAtoi(tokens[first + 3], &position.pending);
  }
  return position;
}

}  // namespace

// Reads a bucket in order through an ephemeral push consumer: one life of it, from creation to the
// first gap, silence or lost connection. KeyValue::Watch begins another where this one ended.
class KeyValueReader : public std::enable_shared_from_this<KeyValueReader> {
 public:
  using OnEntry = std::function<void(const KeyValueEntry&)>;
  KeyValueReader(Connection& connection, std::string bucket, std::string filter, OnEntry on_entry)
      : connection_(connection),
        bucket_(std::move(bucket)),
        filter_(std::move(filter)),
        on_entry_(std::move(on_entry)),
        wake_(connection.io()) {}

  // Starts after `revision` (0: with the last entry of each key).
  Awaitable<absl::Status> Start(uint64_t revision, Deadline deadline) {
    revision_ = revision;
    const std::string inbox = connection_.NewInbox();
    absl::StatusOr<Subscription> subscription =
        connection_.Subscribe(inbox, "", [weak = weak_from_this()](Message message) {
          if (auto self = weak.lock()) self->OnMessage(std::move(message));
        });
    if (!subscription.ok()) co_return subscription.status();
    subscription_ = *std::move(subscription);
    nlohmann::json config = {
        {"deliver_subject", inbox}, {"filter_subject", "$KV." + bucket_ + "." + filter_},
        {"ack_policy", "none"},     {"max_deliver", 1},
        {"flow_control", true},     {"idle_heartbeat", Nanoseconds(kHeartbeat)},
        {"mem_storage", true},      {"num_replicas", 1}};
    if (revision == 0) {
      config["deliver_policy"] = "last_per_subject";
    } else {
      config["deliver_policy"] = "by_start_sequence";
      config["opt_start_seq"] = revision + 1;
    }
    const std::string stream = "KV_" + bucket_;
    nlohmann::json request = {{"stream_name", stream}, {"config", std::move(config)}};
    std::string operation = "CONSUMER.CREATE." + stream;
    absl::StatusOr<nlohmann::json> created =
        co_await CallApi(connection_, std::move(operation), std::move(request), deadline);
    if (!created.ok()) co_return created.status();
    const uint64_t delivered = created->value("/delivered/consumer_seq"_json_pointer, uint64_t{0});
    if (created->value("num_pending", uint64_t{0}) == 0 && delivered == 0) caught_up_ = true;
    heard_ = Clock::now();
    co_return absl::OkStatus();
  }

  // Ok when the current state has been delivered; otherwise why it could not be.
  Awaitable<absl::Status> WaitCaughtUp(Deadline deadline) {
    while (!caught_up_) {
      if (deadline.expired()) co_return absl::DeadlineExceededError("bucket not read in time");
      absl::Status alive = co_await WaitForNews(deadline);
      if (!alive.ok()) co_return alive;
    }
    co_return absl::OkStatus();
  }

  // Returns when this life ends.
  Awaitable<void> WaitBroken() {
    for (;;) {
      absl::Status alive = co_await WaitForNews(Deadline::After(std::chrono::hours(1)));
      if (!alive.ok()) co_return;
    }
  }

  uint64_t revision() const { return revision_; }

 private:
  Awaitable<absl::Status> WaitForNews(Deadline deadline) {
    if (broken_ || connection_.state() != State::kConnected ||
        Clock::now() - heard_ > kSilenceMax) {
      co_return absl::UnavailableError("the bucket's consumer is gone");
    }
    wake_.expires_at(std::min(deadline.at(), Clock::now() + kHeartbeat / 2));
    boost::system::error_code ignored;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return absl::OkStatus();
  }

  void OnMessage(Message message) {
    heard_ = Clock::now();
    if (!message.Header("Status").empty()) {  // heartbeat or flow control
      std::string_view answer_to = message.reply_subject();
      if (answer_to.empty()) answer_to = message.Header("Nats-Consumer-Stalled");
      if (!answer_to.empty()) (void)connection_.Publish(std::string(answer_to), {}, "");
      uint64_t last = 0;
      if (SimpleAtoi(message.Header("Nats-Last-Consumer"), &last) && last != consumer_sequence_) {
        Break();
      }
      return;
    }
    const Position position = ParsePosition(message.reply_subject());
    if (broken_ || position.consumer_sequence != consumer_sequence_ + 1) return Break();
    consumer_sequence_ = position.consumer_sequence;
    revision_ = std::max(revision_, position.stream_sequence);
    const size_t prefix = std::string_view("$KV..").size() + bucket_.size();
    on_entry_(KeyValueEntry{std::string(message.subject().substr(prefix)),
                            std::string(message.payload()), position.stream_sequence,
                            IsDeleteMarker(message)});
    if (position.pending == 0) {
      caught_up_ = true;
      wake_.cancel();
    }
  }

  void Break() {
    broken_ = true;
    wake_.cancel();
  }

  Connection& connection_;
  const std::string bucket_;
  const std::string filter_;
  const OnEntry on_entry_;
  Timer wake_;
  Subscription subscription_;
  Clock::time_point heard_;
  uint64_t revision_ = 0;
  uint64_t consumer_sequence_ = 0;
  bool caught_up_ = false;
  bool broken_ = false;
};

Awaitable<absl::Status> KeyValue::Ensure(int history, int replicas, Deadline deadline) {
  StreamConfig config;
  config.name = stream();
  config.subjects = {"$KV." + bucket_ + ".>"};
  config.messages_per_subject_max = history;
  config.replicas = replicas;
  config.key_value = true;
  return EnsureStream(connection_, std::move(config), deadline);
}

Awaitable<absl::StatusOr<uint64_t>> KeyValue::Put(std::string key, std::string value,
                                                  Deadline deadline) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  absl::StatusOr<PublishAck> ack = co_await PublishToStream(
      connection_, Subject(key), Headers(), std::move(value), PublishOptions(), deadline);
  if (!ack.ok()) co_return ack.status();
  co_return ack->sequence;
}

Awaitable<absl::StatusOr<uint64_t>> KeyValue::Create(std::string key, std::string value,
                                                     Deadline deadline) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  PublishOptions options;
  options.expected_last_subject_sequence = 0;
  absl::StatusOr<PublishAck> ack =
      co_await PublishToStream(connection_, Subject(key), Headers(), value, options, deadline);
  if (ack.ok()) co_return ack->sequence;
  if (!absl::IsAborted(ack.status())) co_return ack.status();
  // The key may have been removed: then its last message is a marker that a new value may follow.
  absl::StatusOr<Message> last =
      co_await DirectGetLast(connection_, stream(), Subject(key), deadline);
  if (last.ok() && IsDeleteMarker(*last)) {
    options.expected_last_subject_sequence = last->stream_sequence();
    ack = co_await PublishToStream(connection_, Subject(key), Headers(), std::move(value), options,
                                   deadline);
    if (ack.ok()) co_return ack->sequence;
    if (!absl::IsAborted(ack.status())) co_return ack.status();
  }
  co_return absl::AlreadyExistsError(StrCat("key ", key, " has a value"));
}

Awaitable<absl::StatusOr<KeyValueEntry>> KeyValue::Get(std::string key, Deadline deadline) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  absl::StatusOr<Message> last =
      co_await DirectGetLast(connection_, stream(), Subject(key), deadline);
  if (!last.ok()) co_return last.status();
  if (IsDeleteMarker(*last)) co_return absl::NotFoundError(StrCat("key ", key, " was removed"));
  co_return KeyValueEntry{std::move(key), std::string(last->payload()), last->stream_sequence(),
                          false};
}

Awaitable<absl::Status> KeyValue::Delete(std::string key, Deadline deadline) {
  CO_RETURN_IF_ERROR(CheckKey(key));
  Headers headers = {{"KV-Operation", "DEL"}};
  absl::StatusOr<PublishAck> ack = co_await PublishToStream(
      connection_, Subject(key), std::move(headers), std::string(), PublishOptions(), deadline);
  co_return ack.status();
}

Awaitable<absl::StatusOr<std::vector<KeyValueEntry>>> KeyValue::History(std::string key,
                                                                        Deadline deadline) {
  constexpr size_t kRevisionsMax = 64;
  CO_RETURN_IF_ERROR(CheckKey(key));
  std::vector<KeyValueEntry> revisions;
  absl::StatusOr<Message> last =
      co_await DirectGetLast(connection_, stream(), Subject(key), deadline);
  if (absl::IsNotFound(last.status())) co_return revisions;
  if (!last.ok()) co_return last.status();
  for (uint64_t sequence = 1;
       sequence <= last->stream_sequence() && revisions.size() < kRevisionsMax;) {
    absl::StatusOr<Message> message =
        co_await DirectGetNext(connection_, stream(), Subject(key), sequence, deadline);
    if (!message.ok()) co_return message.status();
    sequence = message->stream_sequence() + 1;
    revisions.push_back({key, std::string(message->payload()), message->stream_sequence(),
                         IsDeleteMarker(*message)});
  }
  co_return revisions;
}

Awaitable<absl::StatusOr<std::vector<KeyValueEntry>>> KeyValue::List(Deadline deadline) {
  auto entries = std::make_shared<std::vector<KeyValueEntry>>();
  auto reader = std::make_shared<KeyValueReader>(connection_, bucket_, ">",
                                                 [entries](const KeyValueEntry& entry) {
                                                   if (!entry.deleted) entries->push_back(entry);
                                                 });
  absl::Status status = co_await reader->Start(0, deadline);
  if (!status.ok()) co_return status;
  status = co_await reader->WaitCaughtUp(deadline);
  if (!status.ok()) co_return status;
  co_return std::move(*entries);
}

Awaitable<void> KeyValue::Watch(std::function<void(const KeyValueEntry&)> on_entry,
                                std::function<void()> on_caught_up, std::string filter) {
  uint64_t revision = 0;
  bool caught_up = false;
  Timer pause(connection_.io());
  while (connection_.state() != State::kClosed) {
    auto reader = std::make_shared<KeyValueReader>(connection_, bucket_, filter, on_entry);
    // Short limits: the first life may begin while the server still comes up.
    absl::Status status = co_await reader->Start(revision, Deadline::After(kSilenceMax));
    if (status.ok() && !caught_up) {
      status = co_await reader->WaitCaughtUp(Deadline::After(std::chrono::minutes(5)));
      caught_up = status.ok();
      if (caught_up && on_caught_up) on_caught_up();
    }
    if (status.ok()) co_await reader->WaitBroken();
    // Until the first read is whole, entries are read again from the start: last_per_subject
    // delivers by sequence, so going on after a revision would skip nothing either, but this is
    // simpler to trust.
    if (caught_up) revision = std::max(revision, reader->revision());
    if (!status.ok() && connection_.state() == State::kConnected) {
      log::Warning("reading a bucket failed, trying again",
                   {{"bucket", bucket_}, {"error", status.ToString()}});
    }
    pause.expires_after(kRetryDelay);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace switchboard::bus
