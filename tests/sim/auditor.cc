#include "tests/sim/auditor.h"

#include <algorithm>
#include <map>

#include "common/base/strings.h"
#include "common/conversation/state.h"
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

  void Check(const Attempt& attempt, const Ledger& ledger) {
    if (!attempt.ended) {
      if (attempt.must_answer) Complain(attempt.turn_id, " was never answered, in calm weather");
      return;
    }
    if (attempt.ended_at > std::max(attempt.deadline.at(), attempt.stopped_until) + kSlack) {
      Complain(attempt.turn_id, " ended after its deadline");
    }
    if (attempt.outcome.ok()) return CheckAnswer(attempt);
    if (attempt.must_answer) {
      Complain(attempt.turn_id, " failed in calm weather: ", attempt.outcome.status().ToString());
    }
    if (!MayFailWith(attempt, ledger)) {
      Complain(attempt.turn_id, " failed with ", attempt.outcome.status().ToString());
    }
  }

 private:
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

  void CheckAnswer(const Attempt& attempt) {
    const v1::TurnReply& reply = *attempt.outcome;
    const auto found = stored_.find({reply.conversation_id(), reply.turn_id()});
    if (found == stored_.end()) return Complain(attempt.turn_id, " was answered but not stored");
    if (reply.turn_id() != attempt.turn_id ||
        (!attempt.conversation_id.empty() && reply.conversation_id() != attempt.conversation_id)) {
      Complain(attempt.turn_id, " got the answer of ", reply.turn_id());
    }
    if (found->second.text() != attempt.text) {
      Complain(attempt.turn_id, " got the answer to another question");
    }
    if (found->second.reply().SerializeAsString() != reply.SerializeAsString()) {
      Complain(attempt.turn_id,
               " was answered otherwise than it is stored: ", reply.ShortDebugString(),
               " stands as ", found->second.reply().ShortDebugString());
    }
  }

  static bool MayFailWith(const Attempt& attempt, const Ledger& ledger) {
    switch (attempt.outcome.status().code()) {
      case absl::StatusCode::kUnavailable:
      case absl::StatusCode::kDeadlineExceeded:
      case absl::StatusCode::kResourceExhausted:
        return true;
      case absl::StatusCode::kAlreadyExists:  // the key was used for something else
        return std::any_of(ledger.attempts.begin(), ledger.attempts.end(),
                           [&](const Attempt& other) {
                             return other.turn_id == attempt.turn_id && other.text != attempt.text;
                           });
      default:
        return false;
    }
  }

  template <typename... Parts>
  void Complain(const Parts&... parts) {
    broken_.push_back(StrCat(parts...));
  }

  std::map<std::string, v1::Conversation> last_;
  std::map<TurnKey, v1::TurnCompleted> stored_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> Audit(const Ledger& ledger, const Stream* turns) {
  Audition audition;
  if (turns != nullptr) audition.ReadStream(*turns);
  for (const Attempt& attempt : ledger.attempts) audition.Check(attempt, ledger);
  std::vector<std::string> broken = audition.Result();
  broken.insert(broken.end(), ledger.complaints.begin(), ledger.complaints.end());
  return broken;
}

}  // namespace switchboard::sim
