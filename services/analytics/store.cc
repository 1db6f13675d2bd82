#include "services/analytics/store.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "services/analytics/schema.h"
#include "services/analytics/summary.h"

namespace switchboard::analytics {
namespace {

using google::protobuf::util::TimeUtil;

// A second replica on the same file, or a backup, holds the lock for one batch or one page at most.
constexpr std::chrono::seconds kBusyTimeout{5};

constexpr char kInsertTurn[] =
    "INSERT OR IGNORE INTO turns(conversation_id,turn_id,at_ms,tenant,channel,language,intent,"
    "confidence,answered,escalated,blocked,policy,degraded,priority,team,ticket_id,attempts,"
    "duration_ms,model,input_tokens,output_tokens,cost)"
    "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)";

const std::string& ConversationId(const v1::ConversationRecord& record) {
  const std::string& of_reply = record.turn().reply().conversation_id();
  return of_reply.empty() ? record.conversation().id() : of_reply;
}

// The statements of one batch.
class TurnWriter {
 public:
  static absl::StatusOr<TurnWriter> Prepare(Database& database) {
    TurnWriter writer(database);
    ASSIGN_OR_RETURN(writer.turn_, database.Prepare(kInsertTurn));
    ASSIGN_OR_RETURN(writer.transcript_,
                     database.Prepare("INSERT INTO transcripts(turn,text,reply)VALUES(?,?,?)"));
    ASSIGN_OR_RETURN(
        writer.agent_,
        database.Prepare("INSERT INTO turn_agents(turn,position,at_ms,name,duration_ms,"
                         "outcome)VALUES(?,?,?,?,?,?)"));
    ASSIGN_OR_RETURN(
        writer.reason_,
        database.Prepare("INSERT INTO turn_reasons(turn,position,at_ms,reason)VALUES(?,?,?,?)"));
    return writer;
  }

  // True when the turn is new.
  absl::StatusOr<bool> Write(const v1::ConversationRecord& record) {
    const int64_t at_ms = TimeUtil::TimestampToMilliseconds(record.recorded_at());
    BindTurn(record, at_ms);
    RETURN_IF_ERROR(turn_.Run());
    if (database_.changes() == 0) return false;
    const int64_t id = database_.last_insert_id();
    transcript_.Bind(1, id);
    transcript_.Bind(2, record.turn().text());
    transcript_.Bind(3, record.turn().reply().reply());
    RETURN_IF_ERROR(transcript_.Run());
    RETURN_IF_ERROR(WriteAgents(record.turn().reply(), id, at_ms));
    RETURN_IF_ERROR(WriteReasons(record.turn().reply(), id, at_ms));
    return true;
  }

 private:
  explicit TurnWriter(Database& database) : database_(database) {}

  void BindTurn(const v1::ConversationRecord& record, int64_t at_ms) {
    const v1::Conversation& conversation = record.conversation();
    const v1::TurnCompleted& turn = record.turn();
    const v1::TurnReply& reply = turn.reply();
    int next = 1;
    const auto bind = [&](const auto& value) { turn_.Bind(next++, value); };
    bind(ConversationId(record));
    bind(reply.turn_id());
    bind(at_ms);
    bind(conversation.tenant());
    bind(conversation.channel());
    bind(reply.language().empty() ? conversation.language() : reply.language());
    bind(reply.intent());
    // One that is no probability would falsify every mean that it is in.
    bind(std::clamp(reply.confidence(), 0.0, 1.0));
    bind(int64_t{reply.answered()});
    bind(int64_t{reply.escalated()});
    bind(int64_t{reply.blocked()});
    bind(reply.policy());
    bind(StrJoin(reply.degraded(), ","));
    bind(reply.escalation().priority());
    bind(reply.escalation().team());
    bind(reply.escalation().ticket_id());
    bind(int64_t{turn.attempts()});
    bind(reply.duration_ms());
    bind(turn.usage().model());
    bind(int64_t{turn.usage().input_tokens()});
    bind(int64_t{turn.usage().output_tokens()});
    bind(turn.usage().cost());
  }

  absl::Status WriteAgents(const v1::TurnReply& reply, int64_t id, int64_t at_ms) {
    for (int i = 0; i < reply.agents_size(); ++i) {
      agent_.Bind(1, id);
      agent_.Bind(2, int64_t{i});
      agent_.Bind(3, at_ms);
      agent_.Bind(4, reply.agents(i).name());
      agent_.Bind(5, reply.agents(i).duration_ms());
      agent_.Bind(6, reply.agents(i).outcome());
      RETURN_IF_ERROR(agent_.Run());
    }
    return absl::OkStatus();
  }

  absl::Status WriteReasons(const v1::TurnReply& reply, int64_t id, int64_t at_ms) {
    for (int i = 0; i < reply.escalation().reasons_size(); ++i) {
      reason_.Bind(1, id);
      reason_.Bind(2, int64_t{i});
      reason_.Bind(3, at_ms);
      reason_.Bind(4, reply.escalation().reasons(i));
      RETURN_IF_ERROR(reason_.Run());
    }
    return absl::OkStatus();
  }

  Database& database_;
  Statement turn_, transcript_, agent_, reason_;
};

absl::Status Missing(std::string_view field) {
  return InvalidField(field, "is missing", "send what switchboard/v1 describes");
}

}  // namespace

absl::Status CheckTurn(const v1::ConversationRecord& record) {
  if (!record.has_turn()) return Missing("turn");
  if (ConversationId(record).empty()) return Missing("conversation.id");
  if (record.turn().reply().turn_id().empty()) return Missing("turn.reply.turn_id");
  if (!record.has_recorded_at() || !IsTime(record.recorded_at())) return Missing("recorded_at");
  return absl::OkStatus();
}

absl::Status CheckFeedback(const v1::FeedbackReceived& feedback) {
  if (feedback.feedback_id().empty()) return Missing("feedback_id");
  if (!feedback.has_received_at() || !IsTime(feedback.received_at())) {
    return Missing("received_at");
  }
  if (feedback.rating() < 1 || feedback.rating() > 5) {
    return InvalidField("rating", "is not between 1 and 5", "send a whole number from 1 to 5");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& path) {
  auto store = std::unique_ptr<Store>(new Store);
  ASSIGN_OR_RETURN(store->writer_, Database::Open(path, kBusyTimeout));
  RETURN_IF_ERROR(Migrate(store->writer_).status());
  ASSIGN_OR_RETURN(Statement any, store->writer_.Prepare("SELECT EXISTS(SELECT 1 FROM turns) OR "
                                                         "EXISTS(SELECT 1 FROM feedback)"));
  RETURN_IF_ERROR(any.Step().status());
  store->empty_ = any.Int(0) == 0;
  ASSIGN_OR_RETURN(store->reader_, Database::Open(path, kBusyTimeout));
  return store;
}

absl::StatusOr<int> Store::InsertTurns(std::span<const v1::ConversationRecord> records) {
  std::lock_guard lock(write_mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(writer_, /*write=*/true));
  ASSIGN_OR_RETURN(TurnWriter writer, TurnWriter::Prepare(writer_));
  int added = 0;
  for (const v1::ConversationRecord& record : records) {
    ASSIGN_OR_RETURN(const bool is_new, writer.Write(record));
    added += is_new ? 1 : 0;
  }
  RETURN_IF_ERROR(transaction.Commit());
  return added;
}

absl::StatusOr<int> Store::InsertFeedback(std::span<const v1::FeedbackReceived> entries) {
  std::lock_guard lock(write_mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(writer_, /*write=*/true));
  ASSIGN_OR_RETURN(Statement insert,
                   writer_.Prepare("INSERT OR IGNORE INTO feedback(feedback_id,conversation_id,"
                                   "turn_id,rating,comment,at_ms)VALUES(?,?,?,?,?,?)"));
  int added = 0;
  for (const v1::FeedbackReceived& entry : entries) {
    insert.Bind(1, entry.feedback_id());
    insert.Bind(2, entry.conversation_id());
    insert.Bind(3, entry.turn_id());
    insert.Bind(4, int64_t{entry.rating()});
    insert.Bind(5, entry.comment());
    insert.Bind(6, TimeUtil::TimestampToMilliseconds(entry.received_at()));
    RETURN_IF_ERROR(insert.Run());
    added += static_cast<int>(writer_.changes());
  }
  RETURN_IF_ERROR(transaction.Commit());
  return added;
}

absl::StatusOr<v1::SummaryReply> Store::Summarize(Window window, Deadline deadline) {
  std::lock_guard lock(read_mutex_);
  return analytics::Summarize(reader_, window, deadline);
}

absl::StatusOr<int> Store::Prune(int64_t before_ms, int rows_max) {
  std::lock_guard lock(write_mutex_);
  int removed = 0;
  for (const char* sql :
       {"DELETE FROM turns WHERE id IN(SELECT id FROM turns WHERE at_ms<?1 ORDER BY at_ms LIMIT "
        "?2)",
        "DELETE FROM feedback WHERE feedback_id IN"
        "(SELECT feedback_id FROM feedback WHERE at_ms<?1 ORDER BY at_ms LIMIT ?2)"}) {
    ASSIGN_OR_RETURN(Statement statement, writer_.Prepare(sql));
    statement.Bind(1, before_ms);
    statement.Bind(2, int64_t{rows_max});
    RETURN_IF_ERROR(statement.Run());
    removed = std::max(removed, static_cast<int>(writer_.changes()));
  }
  return removed;
}

absl::Status Store::Check() {
  std::lock_guard lock(read_mutex_);
  return reader_.QuickCheck();
}

absl::StatusOr<Store::Counts> Store::Count() {
  std::lock_guard lock(read_mutex_);
  ASSIGN_OR_RETURN(
      Statement query,
      reader_.Prepare("SELECT(SELECT COUNT(*) FROM turns),(SELECT COUNT(*) FROM feedback)"));
  RETURN_IF_ERROR(query.Step().status());
  return Counts{query.Int(0), query.Int(1)};
}

absl::Status Store::Probe(int64_t now_ms) {
  std::lock_guard lock(write_mutex_);
  ASSIGN_OR_RETURN(Statement write,
                   writer_.Prepare("INSERT INTO probe(id,at_ms)VALUES(1,?) "
                                   "ON CONFLICT(id) DO UPDATE SET at_ms=excluded.at_ms"));
  write.Bind(1, now_ms);
  return write.Run();
}

}  // namespace switchboard::analytics
