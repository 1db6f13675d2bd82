#include "common/bus/stream_admin.h"

#include <algorithm>

#include "common/base/strings.h"
#include "common/bus/jetstream_api.h"

namespace switchboard::bus {
namespace {

using nlohmann::json;

// Pages of the server's list: a mesh has tens of consumers.
constexpr int kPagesMax = 100;

ConsumerPosition PositionOf(const json& consumer) {
  return {consumer.value("name", ""),
          consumer.value("/delivered/stream_seq"_json_pointer, uint64_t{0}),
          consumer.value("/ack_floor/stream_seq"_json_pointer, uint64_t{0})};
}

}  // namespace

Awaitable<absl::StatusOr<StreamState>> ReadStreamState(Connection& connection, std::string stream,
                                                       Deadline deadline) {
  std::string operation = "STREAM.INFO." + stream;
  absl::StatusOr<json> info =
      co_await CallApi(connection, std::move(operation), json(), deadline, nullptr);
  if (!info.ok()) co_return info.status();
  const json state = info->value("state", json::object());
  const int64_t messages_max = info->value("/config/max_msgs"_json_pointer, int64_t{-1});
  co_return StreamState{state.value("messages", uint64_t{0}),
                        state.value("bytes", uint64_t{0}),
                        state.value("first_seq", uint64_t{0}),
                        state.value("last_seq", uint64_t{0}),
                        state.value("consumer_count", uint64_t{0}),
                        static_cast<uint64_t>(std::max(messages_max, int64_t{0}))};
}

Awaitable<absl::StatusOr<std::map<std::string, uint64_t>>> CountBySubject(Connection& connection,
                                                                          std::string stream,
                                                                          std::string filter,
                                                                          Deadline deadline) {
  std::string operation = "STREAM.INFO." + stream;
  json request = {{"subjects_filter", filter}};
  absl::StatusOr<json> info =
      co_await CallApi(connection, std::move(operation), std::move(request), deadline, nullptr);
  if (!info.ok()) co_return info.status();
  std::map<std::string, uint64_t> counts;
  const json subjects = info->value("/state/subjects"_json_pointer, json::object());
  for (const auto& [subject, count] : subjects.items()) {
    if (count.is_number_unsigned()) counts[subject] = count.get<uint64_t>();
  }
  co_return counts;
}

Awaitable<absl::StatusOr<std::vector<ConsumerPosition>>> ListConsumers(Connection& connection,
                                                                       std::string stream,
                                                                       Deadline deadline) {
  std::vector<ConsumerPosition> positions;
  for (int page = 0; page < kPagesMax; ++page) {
    std::string operation = "CONSUMER.LIST." + stream;
    json request = {{"offset", positions.size()}};
    absl::StatusOr<json> listed =
        co_await CallApi(connection, std::move(operation), std::move(request), deadline, nullptr);
    if (!listed.ok()) co_return listed.status();
    const json consumers = listed->value("consumers", json::array());
    if (!consumers.is_array()) break;
    for (const json& consumer : consumers) {
      positions.push_back(PositionOf(consumer));
    }
    if (consumers.empty() || positions.size() >= listed->value("total", size_t{0})) break;
  }
  co_return positions;
}

Awaitable<absl::StatusOr<ConsumerPosition>> ReadConsumerPosition(Connection& connection,
                                                                 std::string stream,
                                                                 std::string consumer,
                                                                 Deadline deadline) {
  std::string operation = StrCat("CONSUMER.INFO.", stream, ".", consumer);
  absl::StatusOr<json> info = co_await CallApi(connection, std::move(operation), json(), deadline,
                                               nullptr, /*idempotent=*/true);
  if (!info.ok()) co_return info.status();
  co_return PositionOf(*info);
}

Awaitable<absl::StatusOr<std::string>> StreamOfSubject(Connection& connection, std::string subject,
                                                       Deadline deadline) {
  json request = {{"subject", subject}};
  std::string operation = "STREAM.NAMES";
  absl::StatusOr<json> names =
      co_await CallApi(connection, std::move(operation), std::move(request), deadline, nullptr);
  if (!names.ok()) co_return names.status();
  const json streams = names->value("streams", json::array());
  if (!streams.is_array() || streams.empty()) {
    absl::Status none = absl::NotFoundError(StrCat("no stream stores ", subject));
    co_return none;
  }
  co_return streams[0].get<std::string>();
}

Awaitable<absl::Status> DeleteStream(Connection& connection, std::string stream,
                                     Deadline deadline) {
  std::string operation = "STREAM.DELETE." + stream;
  absl::StatusOr<json> deleted =
      co_await CallApi(connection, std::move(operation), json(), deadline, nullptr);
  co_return deleted.status();
}

Awaitable<absl::Status> DeleteConsumer(Connection& connection, std::string stream,
                                       std::string consumer, Deadline deadline) {
  std::string operation = StrCat("CONSUMER.DELETE.", stream, ".", consumer);
  absl::StatusOr<json> deleted = co_await CallApi(connection, std::move(operation), json(),
                                                  deadline, nullptr, /*idempotent=*/true);
  if (absl::IsNotFound(deleted.status())) co_return absl::OkStatus();
  co_return deleted.status();
}

}  // namespace switchboard::bus
