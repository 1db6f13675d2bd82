#include "services/analytics/summary.h"

#include <google/protobuf/util/time_util.h>
#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <vector>

#include "common/base/fault.h"
#include "services/analytics/percentile.h"

namespace switchboard::analytics {
namespace {

using google::protobuf::util::TimeUtil;

// SQLite asks this often whether to go on, in its virtual machine's instructions: about every
// millisecond.
constexpr int kProgressInstructions = 20000;
// Entries of a frequency list; there are 18 intents and fewer of everything else.
constexpr int kCountsMax = 50;

// Interrupts what runs on a connection once the deadline has passed.
class Interruption {
 public:
  Interruption(Database& database, Deadline deadline) : database_(database), deadline_(deadline) {
    sqlite3_progress_handler(
        database.get(), kProgressInstructions,
        [](void* self) { return static_cast<Interruption*>(self)->deadline_.expired() ? 1 : 0; },
        this);
  }
  ~Interruption() { sqlite3_progress_handler(database_.get(), 0, nullptr, nullptr); }
  Interruption(const Interruption&) = delete;

 private:
  Database& database_;
  const Deadline deadline_;
};

// Every query's first two parameters are the window.
absl::StatusOr<Statement> Query(Database& database, Window window, const char* sql) {
  ASSIGN_OR_RETURN(Statement query, database.Prepare(sql));
  query.Bind(1, window.from_ms);
  query.Bind(2, window.to_ms);
  return query;
}

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

absl::Status AddTotals(Database& database, Window window, v1::SummaryReply& reply) {
  ASSIGN_OR_RETURN(
      Statement query,
      Query(database, window,
            "SELECT COUNT(*),COUNT(DISTINCT conversation_id),TOTAL(escalated),TOTAL(blocked),"
            "TOTAL(degraded<>''),TOTAL(answered=0 AND blocked=0),"
            "TOTAL(answered=1 AND escalated=0 AND blocked=0),"
            "AVG(CASE WHEN intent<>'' THEN confidence END),TOTAL(cost) "
            "FROM turns WHERE at_ms>=? AND at_ms<?"));
  RETURN_IF_ERROR(query.Step().status());
  reply.set_turns(query.Int(0));
  reply.set_conversations(query.Int(1));
  reply.set_escalated(query.Int(2));
  reply.set_blocked(query.Int(3));
  reply.set_degraded(query.Int(4));
  reply.set_unanswered(query.Int(5));
  reply.set_automation_rate(Share(query.Int(6), query.Int(0)));
  reply.set_escalation_rate(Share(query.Int(2), query.Int(0)));
  reply.set_confidence_mean(query.Double(7));
  reply.set_cost(query.Double(8));
  return absl::OkStatus();
}

using Counts = google::protobuf::RepeatedPtrField<v1::SummaryReply::Count>;

absl::Status AddCounts(Database& database, Window window, const char* sql, Counts* counts) {
  ASSIGN_OR_RETURN(Statement query, Query(database, window, sql));
  query.Bind(3, int64_t{kCountsMax});
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Step());
    if (!more) return absl::OkStatus();
    v1::SummaryReply::Count* count = counts->Add();
    count->set_name(std::string(query.Text(0)));
    count->set_count(query.Int(1));
  }
}

absl::Status AddFrequencies(Database& database, Window window, v1::SummaryReply& reply) {
  RETURN_IF_ERROR(AddCounts(database, window,
                            "SELECT intent,COUNT(*) n FROM turns WHERE at_ms>=? AND at_ms<? "
                            "AND intent<>'' GROUP BY 1 ORDER BY n DESC,1 LIMIT ?",
                            reply.mutable_intents()));
  RETURN_IF_ERROR(AddCounts(database, window,
                            "SELECT language,COUNT(*) n FROM turns WHERE at_ms>=? AND at_ms<? "
                            "AND language<>'' GROUP BY 1 ORDER BY n DESC,1 LIMIT ?",
                            reply.mutable_languages()));
  RETURN_IF_ERROR(AddCounts(database, window,
                            "SELECT policy,COUNT(*) n FROM turns WHERE at_ms>=? AND at_ms<? "
                            "AND policy<>'' GROUP BY 1 ORDER BY n DESC,1 LIMIT ?",
                            reply.mutable_policies()));
  return AddCounts(database, window,
                   "SELECT reason,COUNT(*) n FROM turn_reasons WHERE at_ms>=? AND at_ms<? "
                   "GROUP BY 1 ORDER BY n DESC,1 LIMIT ?",
                   reply.mutable_escalation_reasons());
}

void AddLatency(const std::string& name, std::vector<double>& values, v1::SummaryReply& reply) {
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  v1::SummaryReply::Latency* latency = reply.add_latencies();
  latency->set_name(name);
  latency->set_count(values.size());
  latency->set_p50_ms(NearestRank(values, 50));
  latency->set_p95_ms(NearestRank(values, 95));
  latency->set_p99_ms(NearestRank(values, 99));
}

// Eight bytes a call are held while sorting: 8 MB for a window with a million calls.
absl::Status AddLatencies(Database& database, Window window, v1::SummaryReply& reply) {
  std::vector<double> whole;
  ASSIGN_OR_RETURN(
      Statement turns,
      Query(database, window, "SELECT duration_ms FROM turns WHERE at_ms>=? AND at_ms<?"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, turns.Step());
    if (!more) break;
    whole.push_back(turns.Double(0));
  }
  AddLatency("turn", whole, reply);
  std::map<std::string, std::vector<double>, std::less<>> agents;
  ASSIGN_OR_RETURN(Statement calls,
                   Query(database, window,
                         "SELECT name,duration_ms FROM turn_agents WHERE at_ms>=? AND at_ms<? "
                         "AND outcome<>'unavailable'"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, calls.Step());
    if (!more) break;
    auto agent = agents.find(calls.Text(0));
    if (agent == agents.end()) agent = agents.emplace(std::string(calls.Text(0)), 0).first;
    agent->second.push_back(calls.Double(1));
  }
  for (auto& [name, values] : agents) AddLatency(name, values, reply);
  return absl::OkStatus();
}

absl::Status AddFeedback(Database& database, Window window, v1::SummaryReply& reply) {
  ASSIGN_OR_RETURN(Statement query,
                   Query(database, window,
                         "SELECT COUNT(*),AVG(rating) FROM feedback WHERE at_ms>=? AND at_ms<?"));
  RETURN_IF_ERROR(query.Step().status());
  reply.set_feedback_count(query.Int(0));
  reply.set_rating_mean(query.Double(1));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::SummaryReply> Summarize(Database& database, Window window, Deadline deadline) {
  const Interruption interruption(database, deadline);
  // One read transaction: all queries see the same turns.
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database, /*write=*/false));
  v1::SummaryReply reply;
  *reply.mutable_from() = TimeUtil::MillisecondsToTimestamp(window.from_ms);
  *reply.mutable_to() = TimeUtil::MillisecondsToTimestamp(window.to_ms);
  RETURN_IF_ERROR(AddTotals(database, window, reply));
  RETURN_IF_ERROR(AddFrequencies(database, window, reply));
  RETURN_IF_ERROR(AddLatencies(database, window, reply));
  RETURN_IF_ERROR(AddFeedback(database, window, reply));
  RETURN_IF_ERROR(transaction.Commit());
  return reply;
}

}  // namespace switchboard::analytics
