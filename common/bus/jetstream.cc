#include "common/bus/jetstream.h"

#include <algorithm>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream_api.h"
#include "common/bus/stored_message.h"

namespace switchboard::bus {

using nlohmann::json;

namespace {

// How long the leader may be silent before it is asked again: a commit takes milliseconds, an
// election 4 to 9 seconds after its server died (nats-server 2.9, server/raft.go), and what is sent
// meanwhile is lost.
constexpr std::chrono::milliseconds kSilenceMax{1000};
// Between two requests that were refused at once.
constexpr std::chrono::milliseconds kElectionPause{100};
// Another server of the cluster is reached within milliseconds; a connection that is away for
// longer means that all are.
constexpr std::chrono::milliseconds kReconnectMax{1000};

bool IsElection(int error_code) {
  return error_code == kErrorNoLeader || error_code == kErrorNotLeader ||
         error_code == kErrorStreamOffline || error_code == kErrorNotEnabled ||
         error_code == kErrorNotEnabledForAccount;
}

// One request; `passing` tells whether another one may fare better.
Awaitable<absl::StatusOr<json>> AskOnce(Connection& connection, std::string subject,
                                        Headers headers, std::string payload, Deadline deadline,
                                        int* error_code, bool* passing) {
  *passing = false;
  *error_code = 0;
  absl::StatusOr<Message> reply = co_await connection.Request(
      std::move(subject), std::move(headers), std::move(payload), deadline);
  if (!reply.ok()) {
    *passing = absl::IsUnavailable(reply.status()) || absl::IsDeadlineExceeded(reply.status());
    co_return reply.status();
  }
  json parsed = json::parse(reply->payload(), nullptr, false);
  if (!parsed.is_object()) co_return absl::InternalError("JetStream: the reply is not JSON");
  absl::Status error = ApiError(parsed, error_code);
  *passing = IsElection(*error_code);
  if (!error.ok()) co_return error;
  co_return parsed;
}

}  // namespace

int64_t Nanoseconds(std::chrono::nanoseconds duration) { return duration.count(); }

namespace {

// What the server says when a stream has as many messages as it takes.
constexpr char kFull[] = "maximum messages";

// 0 for what is missing or no whole number.
int Number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

}  // namespace

absl::Status ApiError(const json& reply, int* error_code) {
  const auto found = reply.find("error");
  if (found == reply.end()) return absl::OkStatus();
  // An error that says nothing is one all the same.
  const json error = found->is_object() ? *found : json::object();
  const int code = Number(error, "err_code");
  if (error_code != nullptr) *error_code = code;
  const auto description = error.find("description");
  const std::string text =
      StrCat("JetStream: ", description != error.end() && description->is_string()
                                ? description->get<std::string>()
                                : "unknown error");
  if (code == kErrorWrongLastSequence) return absl::AbortedError(text);
  if (code == kErrorStreamStoreFailed && text.find(kFull) != std::string::npos) {
    return absl::ResourceExhaustedError(text);
  }
  switch (Number(error, "code")) {
    case 400:
      return absl::FailedPreconditionError(text);
    case 404:
      return absl::NotFoundError(text);
    default:
      return absl::UnavailableError(text);
  }
}

Awaitable<absl::StatusOr<json>> CallApi(Connection& connection, std::string operation, json request,
                                        Deadline deadline, int* error_code, bool idempotent) {
  std::string subject = "$JS.API." + operation;
  std::string payload = request.is_null() ? std::string() : request.dump();
  Headers headers;
  co_return co_await AskLeader(connection, std::move(subject), std::move(headers),
                               std::move(payload), idempotent, deadline, error_code);
}

Awaitable<absl::StatusOr<json>> AskLeader(Connection& connection, std::string subject,
                                          Headers headers, std::string payload, bool idempotent,
                                          Deadline deadline, int* error_code) {
  int code = 0;
  bool passing = false;
  if (!idempotent || !connection.replicated()) {
    absl::StatusOr<json> reply =
        co_await AskOnce(connection, std::move(subject), std::move(headers), std::move(payload),
                         deadline, &code, &passing);
    if (error_code != nullptr) *error_code = code;
    co_return reply;
  }
  Timer pause(connection.io());
  std::optional<Deadline> reconnect;
  for (;;) {
    const Deadline attempt = deadline.Child(kSilenceMax);
    absl::StatusOr<json> reply =
        co_await AskOnce(connection, subject, headers, payload, attempt, &code, &passing);
    if (error_code != nullptr) *error_code = code;
    if (reply.ok() || !passing || deadline.expired()) co_return reply;
    if (connection.state() == State::kConnected) {
      reconnect.reset();
    } else if (!reconnect) {
      reconnect = Deadline::After(kReconnectMax);
    } else if (reconnect->expired()) {
      co_return reply;
    }
    if (absl::IsDeadlineExceeded(reply.status())) continue;
    pause.expires_at(deadline.Child(kElectionPause).at());
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

namespace {

json ToJson(const StreamConfig& config) {
  json out = {{"name", config.name},
              {"subjects", config.subjects},
              {"retention", config.retention},
              {"storage", "file"},
              {"discard", config.key_value || config.discard_new ? "new" : "old"},
              {"max_age", Nanoseconds(config.age_max)},
              {"max_bytes", config.bytes_max},
              {"max_msgs_per_subject", config.messages_per_subject_max},
              {"max_consumers", -1},
              {"max_msgs", config.messages_max},
              {"max_msg_size", -1},
              {"duplicate_window", Nanoseconds(config.duplicate_window)},
              {"num_replicas", config.replicas},
              {"allow_direct", true}};
  if (!config.description.empty()) out["description"] = config.description;
  if (!config.republish_from.empty()) {
    out["republish"] = {
        {"src", config.republish_from}, {"dest", config.republish_to}, {"headers_only", true}};
  }
  if (config.key_value) {
    out["allow_rollup_hdrs"] = true;
    out["deny_delete"] = true;
  }
  return out;
}

// Whether every setting of `wanted` stands in `existing`.
bool Holds(const json& existing, const json& wanted) {
  for (const auto& [key, value] : wanted.items()) {
    const auto found = existing.find(key);
    if (found == existing.end() || *found != value) return false;
  }
  return true;
}

}  // namespace

Awaitable<absl::Status> EnsureStream(Connection& connection, StreamConfig config,
                                     Deadline deadline) {
  int error_code = 0;
  std::string create = "STREAM.CREATE." + config.name;
  json request = ToJson(config);
  absl::StatusOr<json> created =
      co_await CallApi(connection, std::move(create), request, deadline, &error_code, true);
  if (created.ok()) co_return absl::OkStatus();
  if (error_code != kErrorStreamNameInUse) co_return created.status();
  std::string look = "STREAM.INFO." + config.name;
  absl::StatusOr<json> info =
      co_await CallApi(connection, std::move(look), json(), deadline, nullptr, true);
  if (!info.ok()) co_return info.status();
  const json existing = info->value("config", json::object());
  // A process that was told of fewer copies than there are must not take any away.
  request["num_replicas"] = std::max(config.replicas, existing.value("num_replicas", 1));
  if (Holds(existing, request)) co_return absl::OkStatus();
  std::string update = "STREAM.UPDATE." + config.name;
  absl::StatusOr<json> updated =
      co_await CallApi(connection, update, request, deadline, &error_code, true);
  if (!updated.ok() && error_code == kErrorStreamUpdateRefused && request.contains("republish")) {
    request.erase("republish");
    updated = co_await CallApi(connection, std::move(update), std::move(request), deadline, nullptr,
                               true);
  }
  co_return updated.status();
}

Awaitable<absl::Status> EnsureConsumer(Connection& connection, ConsumerConfig config,
                                       Deadline deadline) {
  json details = {{"durable_name", config.durable},
                  {"ack_policy", "explicit"},
                  {"deliver_policy", "all"},
                  {"ack_wait", Nanoseconds(config.ack_wait)},
                  {"max_deliver", config.deliveries_max},
                  {"max_ack_pending", config.acks_pending_max}};
  for (const std::chrono::milliseconds pause : config.backoff) {
    details["backoff"].push_back(Nanoseconds(pause));
  }
  if (!config.filter_subject.empty()) details["filter_subject"] = config.filter_subject;
  json request = {{"stream_name", config.stream}, {"config", std::move(details)}};
  std::string operation = StrCat("CONSUMER.DURABLE.CREATE.", config.stream, ".", config.durable);
  absl::StatusOr<json> created = co_await CallApi(connection, std::move(operation),
                                                  std::move(request), deadline, nullptr, true);
  co_return created.status();
}

Awaitable<absl::StatusOr<PublishAck>> PublishToStream(Connection& connection, std::string subject,
                                                      Headers headers, std::string payload,
                                                      PublishOptions options, Deadline deadline) {
  if (!options.message_id.empty()) headers.emplace_back("Nats-Msg-Id", options.message_id);
  if (options.expected_last_subject_sequence) {
    headers.emplace_back("Nats-Expected-Last-Subject-Sequence",
                         StrCat(*options.expected_last_subject_sequence));
  }
  // Without an id nobody could tell the second from the first.
  const bool idempotent = !options.message_id.empty();
  absl::StatusOr<json> ack = co_await AskLeader(connection, std::move(subject), std::move(headers),
                                                std::move(payload), idempotent, deadline);
  if (!ack.ok()) co_return ack.status();
  co_return PublishAck{ack->value("seq", uint64_t{0}), ack->value("duplicate", false)};
}

namespace {

Awaitable<absl::StatusOr<Message>> DirectGet(Connection& connection, std::string api_subject,
                                             std::string payload, Deadline deadline) {
  absl::StatusOr<Message> reply =
      co_await connection.Request(std::move(api_subject), Headers(), std::move(payload), deadline);
  if (reply.ok() && reply->Header("Nats-Sequence").empty()) {
    if (reply->Header("Status") == "404") co_return absl::NotFoundError("no such message");
    co_return absl::InternalError(
        StrCat("direct get: ", reply->Header("Status"), " ", reply->Header("Description")));
  }
  co_return reply;
}

Awaitable<absl::StatusOr<Message>> LeaderGet(Connection& connection, std::string stream,
                                             json request, Deadline deadline) {
  std::string subject = "$JS.API.STREAM.MSG.GET." + stream;
  std::string payload = request.dump();
  Headers headers;
  int error_code = 0;
  absl::StatusOr<json> reply =
      co_await AskLeader(connection, std::move(subject), std::move(headers), std::move(payload),
                         /*idempotent=*/true, deadline, &error_code);
  // Of a message that is not there it would say something else.
  if (error_code == kErrorStreamNotFound) {
    co_return absl::UnavailableError(ToAbsl(StrCat("there is no stream ", stream)));
  }
  if (!reply.ok()) co_return reply.status();
  co_return ToStoredMessage(*reply, stream);
}

}  // namespace

Awaitable<absl::StatusOr<Message>> DirectGetLast(Connection& connection, std::string stream,
                                                 std::string subject, Deadline deadline) {
  if (connection.replicated()) {
    json request = {{"last_by_subj", std::move(subject)}};
    return LeaderGet(connection, std::move(stream), std::move(request), deadline);
  }
  return DirectGet(connection, StrCat("$JS.API.DIRECT.GET.", stream, ".", subject), "", deadline);
}

Awaitable<absl::StatusOr<Message>> DirectGetNext(Connection& connection, std::string stream,
                                                 std::string subject, uint64_t sequence,
                                                 Deadline deadline) {
  json request = {{"seq", sequence}, {"next_by_subj", std::move(subject)}};
  if (connection.replicated()) {
    return LeaderGet(connection, std::move(stream), std::move(request), deadline);
  }
  return DirectGet(connection, "$JS.API.DIRECT.GET." + stream, request.dump(), deadline);
}

Awaitable<absl::StatusOr<Message>> DirectGetSequence(Connection& connection, std::string stream,
                                                     uint64_t sequence, Deadline deadline) {
  json request = {{"seq", sequence}};
  if (connection.replicated()) {
    return LeaderGet(connection, std::move(stream), std::move(request), deadline);
  }
  return DirectGet(connection, "$JS.API.DIRECT.GET." + stream, request.dump(), deadline);
}

std::string StoredSubject(const Message& message) {
  const std::string_view stored = message.Header("Nats-Subject");
  return std::string(stored.empty() ? message.subject() : stored);
}

Awaitable<absl::Status> DeleteMessage(Connection& connection, std::string stream, uint64_t sequence,
                                      Deadline deadline) {
  std::string operation = "STREAM.MSG.DELETE." + stream;
  json request = {{"seq", sequence}};
  int error_code = 0;
  absl::StatusOr<json> deleted =
      co_await CallApi(connection, std::move(operation), std::move(request), deadline, &error_code);
  if (error_code == kErrorNoSuchSequence || error_code == kErrorMessageNotDeleted)
    co_return absl::NotFoundError("no such message");
  co_return deleted.status();
}

Awaitable<absl::StatusOr<ConsumerState>> GetConsumerState(Connection& connection,
                                                          std::string stream, std::string durable,
                                                          Deadline deadline) {
  std::string operation = StrCat("CONSUMER.INFO.", stream, ".", durable);
  json nothing;
  absl::StatusOr<json> info =
      co_await CallApi(connection, std::move(operation), std::move(nothing), deadline);
  if (!info.ok()) co_return info.status();
  ConsumerState state;
  const json delivered = info->value("delivered", json::object());
  state.delivered_sequence = delivered.value("stream_seq", uint64_t{0});
  const json floor = info->value("ack_floor", json::object());
  state.ack_floor_sequence = floor.value("stream_seq", uint64_t{0});
  state.acks_pending = info->value("num_ack_pending", uint64_t{0});
  state.pending = info->value("num_pending", uint64_t{0});
  co_return state;
}

}  // namespace switchboard::bus
