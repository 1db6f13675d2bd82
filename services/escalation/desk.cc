#include "services/escalation/desk.h"

#include <utility>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"
#include "common/runtime/context.h"
#include "common/runtime/streams.h"
#include "services/escalation/ticket.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::escalation {
namespace {

// JetStream answers in milliseconds; this is the time a server may take to elect a leader.
constexpr std::chrono::seconds kApiDeadline{10};
// A cluster elects a leader for each stream and bucket, seconds each.
constexpr std::chrono::seconds kStartDeadline{30};
// A ticket is never changed yet; later states keep their history.
constexpr int kTicketRevisionsKept = 16;

bus::ConsumerConfig TurnsConsumer() {
  bus::ConsumerConfig config;
  config.stream = runtime::kTurnsStream;
  config.durable = "escalation";
  config.filter_subject = std::string(runtime::kTurnCompletedPrefix) + ">";
  return config;
}

void CountTicket(const std::string& team, const char* outcome) {
  metrics::Counter("switchboard_escalation_tickets_total",
                   "Tickets by team and what became of them: opened, known (a redelivery), dead.",
                   {{"team", team}, {"outcome", outcome}})
      .Increment();
}

}  // namespace

Desk::Desk(runtime::Agent& agent)
    : agent_(agent),
      tickets_(agent.bus(), kTicketsBucket),
      consumer_(agent.bus(), TurnsConsumer(), bus::Consumer::BatchOptions{},
                [this](std::span<const bus::Message> batch) { return HandleBatch(batch); }) {}

Awaitable<absl::Status> Desk::Prepare() {
  const Deadline deadline = Deadline::After(kStartDeadline);
  absl::Status status = co_await runtime::EnsureMeshStreams(agent_.bus(), agent_.stream_replicas(),
                                                            deadline, agent_.work_messages_max());
  if (!status.ok()) co_return status;
  co_return co_await tickets_.Ensure(kTicketRevisionsKept, agent_.stream_replicas(), deadline);
}

Awaitable<void> Desk::Run() { co_await consumer_.Run(); }

void Desk::Stop() { consumer_.Stop(); }

Awaitable<absl::Status> Desk::HandleBatch(std::span<const bus::Message> batch) {
  for (const bus::Message& message : batch) {
    const bus::Message* pointer = &message;
    absl::Status status = co_await HandleRecord(pointer);
    // The batch comes again; what was opened already is known by its id.
    if (!status.ok()) {
      log::Warning("ticket not opened, will be tried again", {{"error", status.ToString()}});
      co_return status;
    }
  }
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Desk::HandleRecord(const bus::Message* message) {
  v1::ConversationRecord record;
  const std::string_view payload = message->payload();
  std::string objection;
  absl::StatusOr<v1::Ticket> ticket = absl::NotFoundError("");
  if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    objection = "not a switchboard.v1.ConversationRecord";
  } else if (!CallsPerson(record)) {
    co_return absl::OkStatus();
  } else {
    ticket = BuildTicket(record);
    if (!ticket.ok()) objection = std::string(ticket.status().message());
  }
  if (!objection.empty()) {
    CountTicket("", "dead");
    log::Error("record cannot be handled, moved to the dead letters",
               {{"reason", objection}, {"sequence", message->stream_sequence()}});
    co_return co_await runtime::DeadLetter(agent_.bus(), "escalation", message, objection,
                                           Deadline::After(kApiDeadline));
  }
  co_return co_await Open(*std::move(ticket), message->delivery_count() > 1);
}

Awaitable<absl::Status> Desk::Open(v1::Ticket ticket, bool redelivered) {
  absl::StatusOr<uint64_t> revision = co_await tickets_.Create(
      ticket.id(), ticket.SerializeAsString(), Deadline::After(kApiDeadline));
  const bool known = revision.status().code() == absl::StatusCode::kAlreadyExists;
  if (!revision.ok() && !known) co_return revision.status();
  CountTicket(ticket.team(), known ? "known" : "opened");
  // A first delivery that finds the ticket is a replay of the stream: it was told long ago.
  if (known && !redelivered) co_return absl::OkStatus();
  co_return co_await Announce(std::move(ticket));
}

Awaitable<absl::Status> Desk::Announce(v1::Ticket ticket) {
  v1::EscalationOpened event;
  *event.mutable_ticket() = ticket;
  runtime::Context context;
  context.turn_id = ticket.turn_id();
  context.conversation_id = ticket.conversation_id();
  bus::Headers headers = runtime::RequestHeaders(context, event.GetTypeName(), agent_.info().name);
  headers.emplace_back(
      runtime::kHeaderSummary,
      StrCat("ticket ", ticket.id(), ", ", ticket.priority(), ", team ", ticket.team()));
  bus::PublishOptions options;
  options.message_id = ticket.id();
  std::string subject = kOpenedSubject;
  std::string payload = event.SerializeAsString();
  absl::StatusOr<bus::PublishAck> ack = co_await bus::PublishToStream(
      agent_.bus(), std::move(subject), std::move(headers), std::move(payload), std::move(options),
      Deadline::After(kApiDeadline));
  co_return ack.status();
}

Awaitable<absl::StatusOr<v1::RedeliverReply>> Desk::Redeliver(v1::RedeliverRequest request) {
  constexpr char kRemedy[] = "correct who writes it; drop this one with switchboard dlq drop";
  v1::ConversationRecord record;
  v1::RedeliverReply reply;
  if (request.subject().rfind(runtime::kTurnCompletedPrefix, 0) != 0 ||
      !record.ParseFromString(request.payload())) {
    absl::Status wrong = InvalidField("payload", "is no completed turn", kRemedy);
    co_return wrong;
  }
  if (!CallsPerson(record)) {
    reply.set_outcome("nothing to do");
    co_return reply;
  }
  absl::StatusOr<v1::Ticket> ticket = BuildTicket(record);
  if (!ticket.ok()) {
    absl::Status wrong = WithRemedy(absl::InvalidArgumentError(ticket.status().message()), kRemedy);
    co_return wrong;
  }
  reply.set_outcome(StrCat("ticket ", ticket->id(), " is open"));
  absl::Status opened = co_await Open(*std::move(ticket), /*redelivered=*/true);
  if (!opened.ok()) co_return opened;
  co_return reply;
}

Awaitable<absl::StatusOr<v1::Ticket>> Desk::Read(std::string ticket_id, Deadline deadline) {
  absl::StatusOr<bus::KeyValueEntry> entry = co_await tickets_.Get(ticket_id, deadline);
  if (absl::IsNotFound(entry.status())) {
    absl::Status missing = WithField(absl::NotFoundError("there is no such ticket"), "ticket_id");
    co_return missing;
  }
  if (!entry.ok()) co_return entry.status();
  v1::Ticket ticket;
  if (!ticket.ParseFromString(entry->value)) {
    co_return absl::DataLossError(StrCat("the stored ticket ", ticket_id, " cannot be read"));
  }
  co_return ticket;
}

}  // namespace switchboard::escalation
