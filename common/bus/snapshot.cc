#include "common/bus/snapshot.h"

#include <memory>

#include "common/base/strings.h"
#include "common/bus/jetstream_api.h"

namespace switchboard::bus {
namespace {

using nlohmann::json;

// Checking a large stream's checksums comes before the first answer.
constexpr std::chrono::minutes kBeginWithin{5};

StreamState ToState(const json& state) {
  return {state.value("messages", uint64_t{0}), state.value("bytes", uint64_t{0}),
          state.value("first_seq", uint64_t{0}), state.value("last_seq", uint64_t{0}),
          state.value("consumer_count", uint64_t{0})};
}

// What the subscription on the pieces' subject has seen.
struct Arrivals {
  explicit Arrivals(asio::io_context& io) : news(io) {}
  Timer news;
  uint64_t pieces = 0;
  uint64_t bytes = 0;
  bool ended = false;
  absl::Status status;
};

void OnPiece(Connection& connection, Arrivals& arrivals,
             const std::function<absl::Status(std::string_view)>& sink, const Message& message) {
  if (arrivals.ended) return;
  const std::string_view piece = message.payload();
  if (piece.empty()) {
    // The end; a status other than 2xx says that it came too early.
    const std::string_view status = message.Header("Status");
    arrivals.ended = true;
    if (!status.empty() && status.front() != '2') {
      arrivals.status = absl::UnavailableError(
          StrCat("JetStream ended the snapshot: ", status, " ", message.Header("Description")));
    }
  } else {
    ++arrivals.pieces;
    arrivals.bytes += piece.size();
    arrivals.status = sink(piece);
    arrivals.ended = !arrivals.status.ok();
    // Without an answer the server stops sending.
    if (!arrivals.ended && !message.reply_subject().empty()) {
      (void)connection.Publish(std::string(message.reply_subject()), {}, "");
    }
  }
  arrivals.news.cancel();
}

}  // namespace

Awaitable<absl::StatusOr<Snapshot>> SnapshotStream(
    Connection& connection, std::string stream, std::function<absl::Status(std::string_view)> sink,
    std::chrono::milliseconds silence_max) {
  auto arrivals = std::make_shared<Arrivals>(connection.io());
  const std::string inbox = connection.NewInbox();
  absl::StatusOr<Subscription> subscription = connection.Subscribe(
      inbox, "", [arrivals, sink = std::move(sink), &connection](Message message) {
        OnPiece(connection, *arrivals, sink, message);
      });
  if (!subscription.ok()) co_return subscription.status();
  std::string operation = "STREAM.SNAPSHOT." + stream;
  json request = {{"deliver_subject", inbox},
                  {"no_consumers", false},
                  {"jsck", true},
                  {"chunk_size", kSnapshotPieceBytes}};
  absl::StatusOr<json> begun = co_await CallApi(
      connection, std::move(operation), std::move(request), Deadline::After(kBeginWithin), nullptr);
  if (!begun.ok()) co_return begun.status();
  while (!arrivals->ended) {
    const uint64_t before = arrivals->pieces;
    arrivals->news.expires_after(silence_max);
    boost::system::error_code cut_short;
    co_await arrivals->news.async_wait(asio::redirect_error(asio::use_awaitable, cut_short));
    if (!cut_short && !arrivals->ended && arrivals->pieces == before) {
      absl::Status silent =
          absl::DeadlineExceededError(StrCat("the snapshot of ", stream, " came to a halt"));
      co_return silent;
    }
  }
  if (!arrivals->status.ok()) co_return arrivals->status;
  if (arrivals->bytes == 0) co_return absl::UnavailableError("JetStream sent an empty snapshot");
  Snapshot snapshot;
  snapshot.state = ToState(begun->value("state", json::object()));
  snapshot.description = begun->dump();
  snapshot.bytes = arrivals->bytes;
  co_return snapshot;
}

Awaitable<absl::StatusOr<StreamState>> RestoreStream(
    Connection& connection, std::string stream, std::string description,
    std::function<absl::StatusOr<std::string>()> next, RestoreOptions options) {
  json described = json::parse(description, nullptr, false);
  if (!described.is_object() || !described.contains("config") || !described.contains("state")) {
    co_return absl::InvalidArgumentError("the snapshot's description is not JetStream's");
  }
  json request = {{"config", described["config"]}, {"state", described["state"]}};
  if (options.replicas > 0) request["config"]["num_replicas"] = options.replicas;
  std::string operation = "STREAM.RESTORE." + stream;
  absl::StatusOr<json> begun =
      co_await CallApi(connection, std::move(operation), std::move(request),
                       Deadline::After(options.silence_max), nullptr);
  if (!begun.ok()) co_return begun.status();
  const std::string deliver_subject = begun->value("deliver_subject", "");
  if (deliver_subject.empty()) co_return absl::InternalError("JetStream: no place to restore to");
  for (;;) {
    absl::StatusOr<std::string> piece = next();
    // The server drops a restore that nobody goes on with.
    if (!piece.ok()) co_return piece.status();
    const bool last = piece->empty();
    std::string subject = deliver_subject;
    absl::StatusOr<Message> reply = co_await connection.Request(
        std::move(subject), Headers(), *std::move(piece), Deadline::After(options.silence_max));
    if (!reply.ok()) co_return reply.status();
    if (!last && reply->payload().empty()) continue;
    // Only the last piece, or a failure, is answered in words.
    const json result = json::parse(reply->payload(), nullptr, false);
    if (!result.is_object()) {
      absl::Status failed = absl::UnavailableError(StrCat("JetStream: ", reply->payload()));
      co_return failed;
    }
    absl::Status error = ApiError(result, nullptr);
    if (!error.ok()) co_return error;
    co_return ToState(result.value("state", json::object()));
  }
}

}  // namespace switchboard::bus
