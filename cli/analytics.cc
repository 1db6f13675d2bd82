#include "cli/analytics.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_format.h"
#include "cli/failure.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/table.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/runtime/caller.h"
#include "switchboard/v1/operator.pb.h"

namespace switchboard::cli {
namespace {

using google::protobuf::util::TimeUtil;

Awaitable<absl::Status> Show(bus::Connection* connection, v1::SummaryRequest request, bool as_json,
                             Terminal* terminal) {
  runtime::Context context;
  context.deadline = Deadline::After(kAnswerWithin);
  runtime::Caller caller(*connection, "switchboard-cli");
  absl::StatusOr<v1::SummaryReply> reply = co_await caller.Call<v1::SummaryReply>(
      runtime::AgentSubject("analytics", "summary"), context, request);
  if (!reply.ok()) co_return reply.status();
  terminal->out << (as_json ? StrCat(ToJson(*reply, JsonStyle::kIndented), "\n")
                            : FormatSummary(*reply));
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Rebuild(bus::Connection* connection, Terminal* terminal) {
  runtime::Context context;
  context.deadline = Deadline::After(kAnswerWithin);
  v1::RebuildDatabaseRequest request;
  std::string subject = "mesh.operator.analytics.rebuild";
  runtime::Caller caller(*connection, "switchboard-cli");
  absl::StatusOr<v1::RebuildDatabaseReply> reply =
      co_await caller.Call<v1::RebuildDatabaseReply>(std::move(subject), context, request);
  if (!reply.ok()) co_return reply.status();
  terminal->out << "moved aside: " << Printable(reply->moved_to())
                << "\nreading the streams anew; see switchboard analytics\n";
  co_return absl::OkStatus();
}

absl::Status RunRebuild(const Arguments& arguments, Terminal& terminal) {
  if (!arguments.Has("yes")) {
    return UsageError(
        "a damaged database is moved aside and what is older than the streams (30 days) is no "
        "longer counted: restore a backup if there is one, or add --yes");
  }
  return WithBus(arguments, [&terminal](bus::Connection& connection) {
    return Rebuild(&connection, &terminal);
  });
}

absl::Status ReadTime(const Arguments& arguments, const char* flag,
                      google::protobuf::Timestamp* time) {
  if (TimeUtil::FromString(arguments.Get(flag), time)) return absl::OkStatus();
  return UsageError(StrCat("--", flag, " \"", arguments.Get(flag),
                           "\" is no RFC 3339 time such as 2026-11-20T08:00:00Z"));
}

absl::Status Run(const Arguments& arguments, Terminal& terminal) {
  v1::SummaryRequest request;
  request.set_window(arguments.Get("window"));
  if (arguments.Has("from")) RETURN_IF_ERROR(ReadTime(arguments, "from", request.mutable_from()));
  if (arguments.Has("to")) RETURN_IF_ERROR(ReadTime(arguments, "to", request.mutable_to()));
  const bool as_json = arguments.Has("json");
  return WithBus(arguments, [request, as_json, &terminal](bus::Connection& connection) {
    return Show(&connection, request, as_json, &terminal);
  });
}

std::string Percent(double share) { return absl::StrFormat("%.1f %%", 100 * share); }

using Counts = google::protobuf::RepeatedPtrField<v1::SummaryReply::Count>;

void AddCounts(const char* title, const Counts& counts, uint32_t whole, std::string& out) {
  if (counts.empty()) return;
  Table table({title, "turns", "share"}, {Table::kLeft, Table::kRight, Table::kRight});
  for (const auto& count : counts) {
    table.Add({count.name(), StrCat(count.count()),
               whole == 0 ? "" : Percent(static_cast<double>(count.count()) / whole)});
  }
  StrAppend(&out, "\n", table.Text());
}

}  // namespace

std::string FormatSummary(const v1::SummaryReply& summary) {
  std::string out =
      StrCat(TimeUtil::ToString(summary.from()), " to ", TimeUtil::ToString(summary.to()), "\n\n");
  Table table({"turns", StrCat(summary.turns())}, {Table::kLeft, Table::kRight});
  table.Add({"conversations", StrCat(summary.conversations())});
  table.Add({"automated", Percent(summary.automation_rate())});
  table.Add({"escalated", StrCat(summary.escalated(), "  ", Percent(summary.escalation_rate()))});
  table.Add({"blocked", StrCat(summary.blocked())});
  table.Add({"unanswered", StrCat(summary.unanswered())});
  table.Add({"degraded", StrCat(summary.degraded())});
  table.Add({"mean confidence", absl::StrFormat("%.2f", summary.confidence_mean())});
  table.Add({"cost", absl::StrFormat("%.4f", summary.cost())});
  table.Add({"feedback", summary.feedback_count() == 0
                             ? "0"
                             : absl::StrFormat("%u  mean %.1f", summary.feedback_count(),
                                               summary.rating_mean())});
  StrAppend(&out, table.Text());
  if (!summary.latencies().empty()) {
    Table latencies({"latency", "calls", "p50", "p95", "p99"},
                    {Table::kLeft, Table::kRight, Table::kRight, Table::kRight, Table::kRight});
    for (const auto& latency : summary.latencies()) {
      latencies.Add({latency.name(), StrCat(latency.count()), HumanMs(latency.p50_ms()),
                     HumanMs(latency.p95_ms()), HumanMs(latency.p99_ms())});
    }
    StrAppend(&out, "\n", latencies.Text());
  }
  AddCounts("intent", summary.intents(), summary.turns(), out);
  AddCounts("language", summary.languages(), summary.turns(), out);
  AddCounts("policy", summary.policies(), summary.turns(), out);
  AddCounts("escalation reason", summary.escalation_reasons(), summary.turns(), out);
  return out;
}

Command AnalyticsCommand() {
  return {.name = "analytics",
          .about = "Shows the figures of a window of time.",
          .flags = {{"window", "length", "Back from now: 15m, 24h, 7d. 24h when nothing is given."},
                    {"from", "time", "Begin of an explicit window, RFC 3339; with --to."},
                    {"to", "time", "Its end, not included."},
                    JsonFlag(),
                    NatsUrlFlag()},
          .run = Run};
}

Command RebuildCommand() {
  return {.name = "analytics rebuild",
          .about = "Moves a damaged analytics database aside and fills a new one from the streams.",
          .flags = {{"yes", "", "Do it."}, NatsUrlFlag()},
          .run = RunRebuild};
}

}  // namespace switchboard::cli
