#include "common/bus/jetstream.h"

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream_api.h"

namespace switchboard::bus {

using nlohmann::json;

int64_t Nanoseconds(std::chrono::nanoseconds duration) { return duration.count(); }

absl::Status ApiError(const json& reply, int* error_code) {
  const auto error = reply.find("error");
  if (error == reply.end()) return absl::OkStatus();
  const int code = error->value("err_code", 0);
  if (error_code != nullptr) *error_code = code;
  const std::string text = StrCat("JetStream: ", error->value("description", "unknown error"));
  if (code == kErrorWrongLastSequence) return absl::AbortedError(text);
  switch (error->value("code", 0)) {
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
      co_await CallApi(connection, update, request, deadline, &error_code);
  if (!updated.ok() && error_code == kErrorStreamUpdateRefused && request.contains("republish")) {
    request.erase("republish");
    updated = co_await CallApi(connection, std::move(update), std::move(request), deadline);
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

Awaitable<absl::StatusOr<Message>> DirectGetSequence(Connection& connection, std::string stream,
                                                     uint64_t sequence, Deadline deadline) {
  const json request = {{"seq", sequence}};
  return DirectGet(connection, "$JS.API.DIRECT.GET." + stream, request.dump(), deadline);
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
  state.acks_pending = info->value("num_ack_pending", uint64_t{0});
  state.pending = info->value("num_pending", uint64_t{0});
  co_return state;
}

}  // namespace switchboard::bus
