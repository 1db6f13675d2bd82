#include "cli/tickets.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "cli/json.h"
#include "cli/session.h"
#include "cli/table.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/key_value.h"

namespace switchboard::cli {
namespace {

using google::protobuf::util::TimeUtil;

constexpr char kBucket[] = "tickets";
constexpr std::chrono::seconds kListWithin{60};
constexpr std::chrono::seconds kGetWithin{3};

absl::StatusOr<v1::Ticket> Decode(const bus::KeyValueEntry& entry) {
  v1::Ticket ticket;
  if (ticket.ParseFromString(entry.value)) return ticket;
  return absl::DataLossError(StrCat("ticket ", entry.key, " cannot be read: it is no v1.Ticket"));
}

Awaitable<absl::Status> ShowOne(bus::Connection* connection, std::string id, bool as_json,
                                Terminal* terminal) {
  bus::KeyValue bucket(*connection, kBucket);
  absl::StatusOr<bus::KeyValueEntry> entry = co_await bucket.Get(id, Deadline::After(kGetWithin));
  // A server without the bucket stays silent.
  if (absl::IsNotFound(entry.status()) || absl::IsDeadlineExceeded(entry.status())) {
    co_return WithRemedy(absl::NotFoundError(StrCat("there is no ticket ", id)),
                         "see switchboard tickets");
  }
  if (!entry.ok()) co_return entry.status();
  absl::StatusOr<v1::Ticket> ticket = Decode(*entry);
  if (!ticket.ok()) co_return ticket.status();
  terminal->out << (as_json ? StrCat(ToJson(*ticket, JsonStyle::kIndented), "\n")
                            : FormatTicket(*ticket));
  co_return absl::OkStatus();
}

Awaitable<absl::Status> ShowAll(bus::Connection* connection, size_t limit, bool as_json,
                                Terminal* terminal) {
  bus::KeyValue bucket(*connection, kBucket);
  absl::StatusOr<std::vector<bus::KeyValueEntry>> entries =
      co_await bucket.List(Deadline::After(kListWithin));
  if (!entries.ok() && !absl::IsNotFound(entries.status())) co_return entries.status();
  std::vector<v1::Ticket> tickets;
  if (entries.ok()) {
    for (const bus::KeyValueEntry& entry : *entries) {
      absl::StatusOr<v1::Ticket> ticket = Decode(entry);
      if (ticket.ok()) {
        tickets.push_back(*std::move(ticket));
      } else {
        terminal->err << "note: " << std::string(ticket.status().message()) << "\n";
      }
    }
  }
  if (!as_json) {
    terminal->out << FormatTickets(std::move(tickets), limit);
    co_return absl::OkStatus();
  }
  for (const v1::Ticket& ticket : tickets) terminal->out << ToJson(ticket) << "\n";
  co_return absl::OkStatus();
}

absl::Status RunTicket(const Arguments& arguments, Terminal& terminal) {
  const bool as_json = arguments.Has("json");
  return WithBus(arguments, [id = arguments.positionals()[0], as_json,
                             &terminal](bus::Connection& connection) {
    return ShowOne(&connection, id, as_json, &terminal);
  });
}

absl::Status RunTickets(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const int limit, arguments.Int("limit", 1, 100000));
  const bool as_json = arguments.Has("json");
  return WithBus(arguments, [limit, as_json, &terminal](bus::Connection& connection) {
    return ShowAll(&connection, static_cast<size_t>(limit), as_json, &terminal);
  });
}

}  // namespace

std::string FormatTicket(const v1::Ticket& ticket) {
  Table table({"ticket", ticket.id()});
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) table.Add({name, value});
  };
  add("status", ticket.status());
  add("opened", ticket.has_opened_at() ? TimeUtil::ToString(ticket.opened_at()) : "");
  add("team", ticket.team());
  add("priority", ticket.priority());
  add("reasons", StrJoin(ticket.reasons(), ", "));
  add("customer", ticket.customer().id());
  add("language", ticket.language());
  add("tenant", ticket.tenant());
  add("conversation", ticket.conversation_id());
  add("turn", ticket.turn_id());
  return StrCat(table.Text(), "\n", Printable(ticket.summary()), "\n");
}

std::string FormatTickets(std::vector<v1::Ticket> tickets, size_t limit) {
  if (tickets.empty()) return "no tickets\n";
  std::sort(tickets.begin(), tickets.end(), [](const v1::Ticket& a, const v1::Ticket& b) {
    return a.opened_at() == b.opened_at() ? a.id() < b.id() : a.opened_at() > b.opened_at();
  });
  Table table({"ticket", "opened", "priority", "team", "status", "language", "reasons"});
  for (size_t i = 0; i < std::min(limit, tickets.size()); ++i) {
    const v1::Ticket& ticket = tickets[i];
    table.Add({ticket.id(), ticket.has_opened_at() ? TimeUtil::ToString(ticket.opened_at()) : "",
               ticket.priority(), ticket.team(), ticket.status(), ticket.language(),
               StrJoin(ticket.reasons(), ", ")});
  }
  std::string out = table.Text();
  if (tickets.size() > limit) {
    StrAppend(&out, "… and ", tickets.size() - limit, " older ones (--limit)\n");
  }
  return out;
}

Command TicketCommand() {
  return {.name = "ticket",
          .positionals = "<id>",
          .about = "Shows one ticket, with the summary a person starts from.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {JsonFlag(), NatsUrlFlag()},
          .run = RunTicket};
}

Command TicketsCommand() {
  return {.name = "tickets",
          .about = "Lists the newest tickets.",
          .flags = {{"limit", "n", "How many.", "20"}, JsonFlag(), NatsUrlFlag()},
          .run = RunTickets};
}

}  // namespace switchboard::cli
