#include "tests/sim/auditor.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/strings.h"
#include "common/conversation/state.h"
#include "common/conversation/work_queue.h"
#include "common/runtime/streams.h"

namespace switchboard::sim {
namespace {

// The deadline travels in whole milliseconds, and an answer takes one step more to come out.
constexpr std::chrono::milliseconds kSlack{5};

using TurnKey = std::pair<std::string, std::string>;  // conversation, turn

class Audition {
 public:
  std::vector<std::string> Result() { return std::move(broken_); }

  void ReadStream(const Stream& turns) {
    for (const auto& [sequence, message] : turns.messages()) {
      v1::ConversationRecord record;
      if (!record.ParseFromString(message.packet->payload)) {
        Complain("record ", sequence, " cannot be read");
        continue;
      }
      const std::string id = record.conversation().id();
      if (message.packet->subject != runtime::kTurnCompletedPrefix + id) {
        Complain("record ", sequence, " of ", id, " stands under ", message.packet->subject);
      }
      Follow(sequence, last_[id], record);
      last_[id] = record.conversation();
      if (!record.has_turn()) continue;
      const TurnKey key{id, record.turn().reply().turn_id()};
      if (!stored_.emplace(key, record.turn()).second) {
        Complain("turn ", key.second, " of ", id, " is stored twice, again as ", sequence);
      }
    }
  }

  void ReadDead(const Stream& dead, const Ledger& ledger) {
    for (const auto& [sequence, message] : dead.messages()) {
      const std::string& subject = message.packet->subject;
      if (subject == StrCat(conversation::kDeadTurnPrefix, kNonsense)) continue;
      const auto name = conversation::TurnOfSubject(subject, conversation::kDeadTurnPrefix);
      if (!name) {
        Complain("DEAD has ", subject);
        continue;
      }
      dead_.insert({name->conversation_id, name->turn_id});
      const std::string_view reason = message.packet->Header(runtime::kHeaderDeadReason);
      if (!MayDieOf(reason, name->turn_id, ledger)) {
        Complain(name->turn_id, " went to DEAD: ", reason);
      }
    }
  }

  void ReadWork(const Stream& work) {
    for (const auto& [sequence, message] : work.messages()) {
      Complain("WORK still has ", message.packet->subject);
    }
  }

  void Check(const Attempt& attempt, const Ledger& ledger) {
    if (!Ended(attempt, attempt.outcome.status(), ledger)) return;
    CheckAnswer(attempt, *attempt.outcome);
    CheckQuestion(attempt, *attempt.outcome);
  }

  void CheckSubmission(const Inquiry& submission, const Ledger& ledger) {
    if (!Ended(submission, submission.outcome.status(), ledger)) return;
    const v1::TurnStatus& status = *submission.outcome;
    if (status.state() == v1::TurnStatus::ANSWERED) {
      CheckQuestion(submission, status.reply());
    }
    const TurnKey key{status.conversation_id(), status.turn_id()};
    if (stored_.count(key) == 0 && dead_.count(key) == 0) {
      Complain(submission.turn_id, " was accepted, but is neither answered nor in DEAD");
    }
    CheckStatus(submission, status);
  }

  void CheckLook(const Inquiry& look, const Ledger& ledger) {
    if (!Ended(look, look.outcome.status(), ledger)) return;
    CheckStatus(look, *look.outcome);
    const v1::TurnStatus::State state = look.outcome->state();
    if (look.must_answer && state == v1::TurnStatus::ACCEPTED) {
      Complain(look.turn_id, " is still waiting, in calm weather");
    }
    const auto answered = answered_at_.find({look.conversation_id, look.turn_id});
    if (answered != answered_at_.end() && look.asked_at > answered->second &&
        state != v1::TurnStatus::ANSWERED) {
      Complain(look.turn_id, " was answered, and later was not");
    }
  }

 private:
  // True when there is an outcome to look at.
  bool Ended(const Asked& asked, const absl::Status& outcome, const Ledger& ledger) {
    if (!asked.ended) {
      if (asked.must_answer) Complain(asked.turn_id, " was never answered, in calm weather");
      return false;
    }
    const auto by = std::max(asked.deadline.at(), asked.stopped_until + asked.patience);
    if (asked.ended_at > by + kSlack) {
      Complain(asked.turn_id, " ended after its deadline");
    }
    if (outcome.ok()) return true;
    if (asked.must_answer) {
      Complain(asked.turn_id, " failed in calm weather: ", outcome.ToString());
    }
    if (!MayFailWith(asked.turn_id, outcome, ledger)) {
      Complain(asked.turn_id, " failed with ", outcome.ToString());
    }
    return false;
  }

  // A record's state is the one before it and its own turn, and nothing else.
  void Follow(uint64_t sequence, const v1::Conversation& before,
              const v1::ConversationRecord& record) {
    const v1::Conversation& after = record.conversation();
    const uint32_t turns = before.turn_count() + (record.has_turn() ? 1 : 0);
    if (after.turn_count() != turns) {
      Complain("record ", sequence, " counts ", after.turn_count(), " turns, not ", turns);
    }
    std::vector<std::string> window;
    for (const auto& exchange : before.window()) window.push_back(exchange.SerializeAsString());
    if (record.has_turn()) {
      if (after.window().empty() ||
          after.window().rbegin()->turn_id() != record.turn().reply().turn_id() ||
          after.window().rbegin()->reply() != record.turn().reply().reply()) {
        return Complain("record ", sequence, " does not end its window with its own turn");
      }
      window.push_back(after.window().rbegin()->SerializeAsString());
      if (window.size() > conversation::kWindowMax) window.erase(window.begin());
    }
    std::vector<std::string> found;
    for (const auto& exchange : after.window()) found.push_back(exchange.SerializeAsString());
    if (found != window) {
      Complain("the window of record ", sequence, " does not follow from the one before");
    }
  }

  void CheckStatus(const Asked& asked, const v1::TurnStatus& status) {
    if (status.turn_id() != asked.turn_id ||
        (!asked.conversation_id.empty() && status.conversation_id() != asked.conversation_id)) {
      Complain(asked.turn_id, " was told about ", status.turn_id());
    }
    if (status.state() == v1::TurnStatus::ANSWERED) CheckAnswer(asked, status.reply());
    if (status.state() == v1::TurnStatus::DEAD &&
        dead_.count({status.conversation_id(), status.turn_id()}) == 0) {
      Complain(asked.turn_id, " is said to be in DEAD, but is not");
    }
  }

  void CheckAnswer(const Asked& asked, const v1::TurnReply& reply) {
    const TurnKey key{reply.conversation_id(), reply.turn_id()};
    const auto found = stored_.find(key);
    if (found == stored_.end()) return Complain(asked.turn_id, " was answered but not stored");
    if (reply.turn_id() != asked.turn_id ||
        (!asked.conversation_id.empty() && reply.conversation_id() != asked.conversation_id)) {
      Complain(asked.turn_id, " got the answer of ", reply.turn_id());
    }
    if (found->second.reply().SerializeAsString() != reply.SerializeAsString()) {
      Complain(asked.turn_id,
               " was answered otherwise than it is stored: ", reply.ShortDebugString(),
               " stands as ", found->second.reply().ShortDebugString());
    }
    const auto first = answered_at_.emplace(key, asked.ended_at).first;
    first->second = std::min(first->second, asked.ended_at);
  }

  void CheckQuestion(const Asked& asked, const v1::TurnReply& reply) {
    const auto found = stored_.find({reply.conversation_id(), reply.turn_id()});
    if (found != stored_.end() && found->second.text() != asked.text) {
      Complain(asked.turn_id, " got the answer to another question");
    }
  }

  // Whether somebody used one key for two things.
  static bool TextsDiffer(std::string_view turn_id, const Ledger& ledger) {
    std::set<std::string> texts;
    for (const Attempt& one : ledger.attempts) {
      if (one.turn_id == turn_id) texts.insert(one.text);
    }
    for (const Inquiry& one : ledger.submissions) {
      if (one.turn_id == turn_id) texts.insert(one.text);
    }
    return texts.size() > 1;
  }

  static bool MayFailWith(std::string_view turn_id, const absl::Status& outcome,
                          const Ledger& ledger) {
    switch (outcome.code()) {
      case absl::StatusCode::kUnavailable:
      case absl::StatusCode::kDeadlineExceeded:
      case absl::StatusCode::kResourceExhausted:
        return true;
      case absl::StatusCode::kAlreadyExists:
        return TextsDiffer(turn_id, ledger);
      default:
        return false;
    }
  }

  // Of what passes, five times; of silence; of a key used twice.
  static bool MayDieOf(std::string_view reason, std::string_view turn_id, const Ledger& ledger) {
    for (const std::string_view passing :
         {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "no delivery"}) {
      if (reason.starts_with(passing)) return true;
    }
    return reason.starts_with("ALREADY_EXISTS") && TextsDiffer(turn_id, ledger);
  }

  template <typename... Parts>
  void Complain(const Parts&... parts) {
    broken_.push_back(StrCat(parts...));
  }

  std::map<std::string, v1::Conversation> last_;
  std::map<TurnKey, v1::TurnCompleted> stored_;
  std::set<TurnKey> dead_;
  // When somebody first had the answer.
  std::map<TurnKey, Clock::time_point> answered_at_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> Audit(const Ledger& ledger, const JetStream& streams) {
  Audition audition;
  if (const Stream* turns = streams.stream(runtime::kTurnsStream)) audition.ReadStream(*turns);
  if (const Stream* dead = streams.stream(runtime::kDeadStream)) audition.ReadDead(*dead, ledger);
  if (const Stream* work = streams.stream(runtime::kWorkStream)) audition.ReadWork(*work);
  for (const Attempt& attempt : ledger.attempts) audition.Check(attempt, ledger);
  for (const Inquiry& submission : ledger.submissions) {
    audition.CheckSubmission(submission, ledger);
  }
  for (const Inquiry& look : ledger.looks) audition.CheckLook(look, ledger);
  std::vector<std::string> broken = audition.Result();
  broken.insert(broken.end(), ledger.complaints.begin(), ledger.complaints.end());
  return broken;
}

}  // namespace switchboard::sim
