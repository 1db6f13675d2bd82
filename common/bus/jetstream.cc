#include "common/bus/jetstream.h"

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream_api.h"

namespace switchboard::bus {

using nlohmann::json;

int64_t Nanoseconds(std::chrono::nanoseconds duration) { return duration.count(); }

namespace {

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
                                        Deadline deadline, int* error_code) {
  std::string subject = "$JS.API." + operation;
  std::string payload = request.is_null() ? std::string() : request.dump();
  absl::StatusOr<Message> reply =
      co_await connection.Request(std::move(subject), Headers(), std::move(payload), deadline);
  if (!reply.ok()) co_return reply.status();
  json parsed = json::parse(reply->payload(), nullptr, false);
  if (!parsed.is_object()) co_return absl::InternalError("JetStream: the reply is not JSON");
  absl::Status error = ApiError(parsed, error_code);
  if (!error.ok()) co_return error;
  co_return parsed;
}

namespace {

json ToJson(const StreamConfig& config) {
  json out = {{"name", config.name},
              {"subjects", config.subjects},
              {"retention", config.retention},
              {"storage", "file"},
              {"discard", config.key_value ? "new" : "old"},
              {"max_age", Nanoseconds(config.age_max)},
              {"max_bytes", config.bytes_max},
              {"max_msgs_per_subject", config.messages_per_subject_max},
              {"max_consumers", -1},
              {"max_msgs", -1},
              {"max_msg_size", -1},
              {"duplicate_window", Nanoseconds(config.duplicate_window)},
              {"num_replicas", config.replicas},
              {"allow_direct", true}};
  if (!config.description.empty()) out["description"] = config.description;
  if (config.key_value) {
    out["allow_rollup_hdrs"] = true;
    out["deny_delete"] = true;
  }
  return out;
}

}  // namespace

Awaitable<absl::Status> EnsureStream(Connection& connection, StreamConfig config,
                                     Deadline deadline) {
  int error_code = 0;
  std::string create = "STREAM.CREATE." + config.name;
  json request = ToJson(config);
  absl::StatusOr<json> created =
      co_await CallApi(connection, std::move(create), request, deadline, &error_code);
  if (created.ok()) co_return absl::OkStatus();
  if (error_code != kErrorStreamNameInUse) co_return created.status();
  std::string update = "STREAM.UPDATE." + config.name;
  absl::StatusOr<json> updated =
      co_await CallApi(connection, std::move(update), std::move(request), deadline);
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
  if (!config.filter_subject.empty()) details["filter_subject"] = config.filter_subject;
  json request = {{"stream_name", config.stream}, {"config", std::move(details)}};
  std::string operation = StrCat("CONSUMER.DURABLE.CREATE.", config.stream, ".", config.durable);
  absl::StatusOr<json> created =
      co_await CallApi(connection, std::move(operation), std::move(request), deadline);
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
  absl::StatusOr<Message> reply = co_await connection.Request(
      std::move(subject), std::move(headers), std::move(payload), deadline);
  if (!reply.ok()) co_return reply.status();
  const json parsed = json::parse(reply->payload(), nullptr, false);
  if (!parsed.is_object()) co_return absl::InternalError("JetStream: the reply is not JSON");
  absl::Status error = ApiError(parsed, nullptr);
  if (!error.ok()) co_return error;
  co_return PublishAck{parsed.value("seq", uint64_t{0}), parsed.value("duplicate", false)};
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

}  // namespace

Awaitable<absl::StatusOr<Message>> DirectGetLast(Connection& connection, std::string stream,
                                                 std::string subject, Deadline deadline) {
  return DirectGet(connection, StrCat("$JS.API.DIRECT.GET.", stream, ".", subject), "", deadline);
}

Awaitable<absl::StatusOr<Message>> DirectGetNext(Connection& connection, std::string stream,
                                                 std::string subject, uint64_t sequence,
                                                 Deadline deadline) {
  const json request = {{"seq", sequence}, {"next_by_subj", std::move(subject)}};
  return DirectGet(connection, "$JS.API.DIRECT.GET." + stream, request.dump(), deadline);
}

}  // namespace switchboard::bus
