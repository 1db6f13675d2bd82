// Decides from the words of a conversation whether a person should take over, how urgently and
// which team.
//
//   ASSIGN_OR_RETURN(auto assessor, Assessor::Load("signals.json", "escalation_model.bin"));
//   v1::AssessReply reply = assessor.Assess(request);
//   // reply.reasons(): "safety", "anger"; reply.priority(): "urgent"; reply.team(): "safety"
//
// Pure and immutable after Load. Two things speak for a reason: phrases with their look-alikes
// (data/signals.json, common/text/phrases.h) and a text model trained on whole messages
// (text_model.h); a small logistic model weighs them (decision.h), each reason on its own, so
// that every escalation has a reason that a person can read. A second one sees a conversation that
// goes nowhere (decision.h, trouble). Frustration is measured from words, their intensifiers,
// capitals and exclamation marks, and from how the last exchanges went.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/phrases.h"
#include "services/escalation/decision.h"
#include "services/escalation/text_model.h"
#include "services/escalation/trouble.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::escalation {

class Assessor {
 public:
  // NotFound: no such file. InvalidArgument: one line for each thing that is wrong in the signals.
  // DataLoss, FailedPrecondition: the model is damaged, or of another version.
  static absl::StatusOr<Assessor> Load(const std::string& signals_path,
                                       const std::string& model_path);
  static absl::StatusOr<Assessor> Parse(std::string_view signals, std::string_view model_file);

  // What Parse says of the signals alone.
  static absl::Status CheckSignals(std::string_view signals);

  v1::AssessReply Assess(const v1::AssessRequest& request) const;

  // What the decision is made of, for training it.
  struct Evidence {
    // By reason, in the order of labels(); nothing for reasons without a label.
    std::vector<std::optional<TextFeatures>> text;
    TroubleFeatures trouble = {};
    double frustration = 0;
    // Rules that need no weighing.
    bool asked_the_same = false;
    bool unanswered = false;
  };
  Evidence Observe(const v1::AssessRequest& request) const;

  // The text model's label for each reason, "" where it has none.
  std::vector<std::string> labels() const;

 private:
  friend class SignalsReader;

  // In order of importance: the first one's team gets the ticket, the highest priority counts.
  struct Reason {
    std::string name;
    std::string label;  // of the text model; empty: phrases and rules only
    int priority = 0;   // index of kPriorities
    std::string team;
    std::map<std::string, std::string> immediate_words;  // by language
    int score = -1;                                      // index of the label in the model
    Decision::Text decision;
    // The reason it is easily taken for: without a phrase of its own, the likelier of both stays.
    std::string rival_name;
    int rival = -1;
  };
  // What a phrase says: the reason it is for, or how it moves the frustration.
  struct Meaning {
    enum Kind { kReason, kLookAlike, kAnger, kCalm, kIntensifier, kNegation } kind = kReason;
    int reason = -1;
    double weight = 0;  // of kAnger and kCalm
  };
  struct Findings {
    std::vector<bool> reasons;      // a phrase holds
    std::vector<bool> look_alikes;  // a look-alike holds and no phrase
    double anger = 0;               // before capitals and exclamation marks
  };
  // Where the text model's other labels stand among its scores; -1: it has no such label.
  struct Labels {
    int nothing = -1, solved = -1, unsolved = -1, repeated = -1;
  };

  absl::Status TakeModel(std::string_view model_file);
  Findings Find(const text::Tokens& tokens) const;
  double Frustration(const v1::AssessRequest& request, double anger_of_words) const;
  TroubleFeatures Trouble(const v1::AssessRequest& request, const text::Tokens& now,
                          const std::vector<float>& scores) const;
  bool YieldsToRival(const Evidence& evidence, size_t reason) const;
  int ReasonNamed(std::string_view name) const;

  std::vector<Reason> reasons_;
  std::vector<Meaning> meanings_;  // by phrase
  text::PhraseBook phrases_;
  Filler filler_;
  // Frustration from which a person takes over.
  double anger_threshold_ = 0.7;
  int repeated_failure_ = -1, anger_ = -1, human_requested_ = -1;

  std::shared_ptr<const TextModel> model_;
  Labels model_labels_;
  Decision decision_;
};

}  // namespace switchboard::escalation
