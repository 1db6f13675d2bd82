// Asynchronous turns: their names, their place in the stream WORK, and where each stands
// (docs/adr/0007-work-queue.md). The gateway stores and asks, the supervisor takes and answers.
//
//   WorkQueue queue(bus, "gateway");
//   absl::StatusOr<v1::TurnStatus> accepted = co_await queue.Accept(context, std::move(work));
//   …
//   TurnWatch watch{.name = {conversation_id, turn_id}, .principal = principal};
//   absl::StatusOr<v1::TurnStatus> stands = co_await queue.LookUp(&watch, deadline);
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/bus/work_consumer.h"
#include "common/conversation/turn_store.h"

namespace switchboard::conversation {

inline constexpr char kWorkTurnPrefix[] = "mesh.work.turn.";
inline constexpr char kWorkWebhookPrefix[] = "mesh.work.webhook.";
inline constexpr char kDeadTurnPrefix[] = "mesh.dead.turn.";
// The gateways' durable consumer of kWorkWebhookPrefix.
inline constexpr char kWebhooksConsumer[] = "webhooks";
inline constexpr char kTurnRetriedPrefix[] = "mesh.event.turn.retried.";

// Pauses between the deliveries of a message of WORK. One more delivery than pauses; the last pause
// also passes before the server gives up a message whose last delivery ended in silence.
inline constexpr std::array<std::chrono::milliseconds, 4> kWorkBackoff = {
    std::chrono::seconds(1), std::chrono::seconds(2), std::chrono::seconds(4),
    std::chrono::seconds(8)};

// How turns and webhooks are taken from WORK alike: the consumer of what lies below `prefix`, with
// these pauses between deliveries, and how often it says that it still works on one.
bus::ConsumerConfig WorkConsumerConfig(const char* durable, const char* prefix,
                                       const std::vector<std::chrono::milliseconds>& backoff);
bus::WorkConsumer::Options WorkConsumerOptions(
    int in_flight_max, const std::vector<std::chrono::milliseconds>& backoff);

// A turn id as one token of a subject, or one segment of a URL: itself when it is made of letters,
// digits, - and _, else percent-encoded. Different ids give different tokens.
std::string TurnToken(std::string_view turn_id);
// The id that gives this token. InvalidArgument: none does.
absl::StatusOr<std::string> TurnIdOfToken(std::string_view token);

struct TurnName {
  std::string conversation_id;
  std::string turn_id;

  // "<conversation_id>.<turn_id>", as TurnStatus.id.
  std::string Id() const;
  // "<conversation_id>.<token>": what follows the prefixes above, and /v1/turns/.
  std::string Suffix() const;
};

// nullopt: no such name can exist.
std::optional<TurnName> ParseTurnName(std::string_view id);
// The turn that `subject` is about, below `prefix`.
std::optional<TurnName> TurnOfSubject(std::string_view subject, std::string_view prefix);

// NotFound, naming id: what everybody hears who may not know whether it exists.
absl::Status UnknownTurn();

v1::TurnStatus StatusOf(const TurnName& name, v1::TurnStatus::State state);
v1::TurnStatus AnsweredStatus(const TurnName& name, v1::TurnReply reply);
v1::TurnStatus DeadStatus(const TurnName& name, std::string reason);

// One caller's question about one turn; what an earlier look has seen is not read again.
struct TurnWatch {
  TurnName name;
  std::string principal;
  // Of the conversation's records, the newest that was looked at.
  uint64_t seen_sequence = 0;
};

class WorkQueue {
 public:
  // `sender` names the process in the headers of what it writes.
  WorkQueue(bus::Connection& bus, std::string sender)
      : bus_(bus), sender_(std::move(sender)), store_(bus, sender_) {}

  // Opens the conversation if the turn begins it, and stores the turn. Returns where it stands:
  // ACCEPTED, or, for an id that was there before with the same request, what became of it.
  // NotFound, FailedPrecondition and AlreadyExists as TurnStore::Begin. Unavailable: not stored,
  // or not known to be; the same id may come again.
  Awaitable<absl::StatusOr<v1::TurnStatus>> Accept(runtime::Context context, v1::TurnWork work);

  // Where the turn stands. NotFound: nowhere, or in another principal's conversation. `watch`
  // outlives the call.
  Awaitable<absl::StatusOr<v1::TurnStatus>> LookUp(TurnWatch* watch, Deadline deadline);

  // The answer, if TURNS has it by now. NotFound.
  Awaitable<absl::StatusOr<v1::TurnReply>> FindAnswer(TurnName name, Deadline deadline);

  // Stores the news of an outcome for `url`; the same outcome twice within minutes is stored once.
  // ResourceExhausted: WORK is full.
  Awaitable<absl::Status> StoreWebhook(runtime::Context context, std::string url,
                                       v1::TurnStatus outcome);
  // Puts the same news into DEAD, as if WORK had given it up for `reason`: it can be replayed.
  Awaitable<absl::Status> BuryWebhook(runtime::Context context, std::string url,
                                      v1::TurnStatus outcome, std::string reason);

 private:
  // A webhook's message, wherever it is put.
  struct News {
    std::string suffix;
    std::string message_id;
    bus::Headers headers;
    std::string payload;
  };
  News MakeNews(const runtime::Context& context, std::string url, v1::TurnStatus outcome) const;
  // Looks through the records after watch->seen_sequence up to `last`.
  Awaitable<absl::StatusOr<v1::TurnReply>> SearchAnswer(TurnWatch* watch, Stored last,
                                                        Deadline deadline);
  // Whether WORK is so full that what is left is for webhooks and advisories. Looks once a second;
  // meanwhile, and while WORK cannot be asked, what the last look saw holds.
  Awaitable<bool> IsFull(Deadline deadline);
  Awaitable<absl::StatusOr<bus::PublishAck>> StoreTurn(runtime::Context context, v1::TurnWork work,
                                                       std::string message_id);
  Awaitable<absl::Status> EnsureConversation(runtime::Context context, v1::TurnRequest request,
                                             Beginning beginning);
  // What DEAD or WORK says about the turn. NotFound: neither has it. `asked`, if set, must be what
  // it was stored for.
  Awaitable<absl::StatusOr<v1::TurnStatus>> FindUnanswered(TurnName name,
                                                           std::optional<v1::TurnRequest> asked,
                                                           Deadline deadline);

  bus::Connection& bus_;
  const std::string sender_;
  TurnStore store_;
  bool full_ = false;
  Deadline look_again_ = Deadline::After(std::chrono::nanoseconds(0));
};

}  // namespace switchboard::conversation
