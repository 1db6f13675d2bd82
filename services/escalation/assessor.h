// Decides from the words of a conversation whether a person should take over, how urgently and
// which team.
//
//   ASSIGN_OR_RETURN(auto assessor, Assessor::Load("signals.json"));
//   v1::AssessReply reply = assessor.Assess(request);
//   // reply.reasons(): "safety", "anger"; reply.priority(): "urgent"; reply.team(): "safety"
//
// Pure and immutable after Load. What counts as a reason stands in data/signals.json: phrases
// (common/text/phrases.h) in several languages, their look-alikes, priority and team. A reason can
// ask for a person or only colour the ticket (`escalates`). Frustration is measured from words,
// their intensifiers, capitals and exclamation marks, and from how the last exchanges went.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/phrases.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::escalation {

class Assessor {
 public:
  // NotFound: no such file. InvalidArgument: one line for each thing that is wrong in it.
  static absl::StatusOr<Assessor> Load(const std::string& path);
  static absl::StatusOr<Assessor> Parse(std::string_view json);

  v1::AssessReply Assess(const v1::AssessRequest& request) const;

 private:
  friend class SignalsReader;

  // In order of importance: the first one's team gets the ticket, the highest priority counts.
  struct Reason {
    std::string name;
    int priority = 0;  // index of kPriorities
    std::string team;
    std::map<std::string, std::string> immediate_words;  // by language
  };
  // What a phrase says: the reason it is for, or how it moves the frustration.
  struct Meaning {
    enum Kind { kReason, kLookAlike, kAnger, kCalm, kIntensifier, kNegation } kind = kReason;
    int reason = -1;
    double weight = 0;  // of kAnger and kCalm
  };
  struct Findings {
    std::vector<bool> reasons;
    double anger = 0;  // before capitals and exclamation marks
  };

  Findings Find(const std::string& folded) const;
  double Frustration(const v1::AssessRequest& request, double anger_of_words) const;
  bool HasFailedRepeatedly(const v1::AssessRequest& request, const std::string& folded) const;
  int ReasonNamed(std::string_view name) const;

  std::vector<Reason> reasons_;
  std::vector<Meaning> meanings_;  // by phrase
  text::PhraseBook phrases_;
  // Frustration from which a person takes over.
  double anger_threshold_ = 0.7;
};

}  // namespace switchboard::escalation
