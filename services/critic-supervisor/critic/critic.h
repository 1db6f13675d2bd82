// The critic: judges what customers send and what the mesh is about to say to them.
//
//   ASSIGN_OR_RETURN(auto critic, Critic::Load("policies.json"));
//   Review review = critic.Examine(request);
//   if (review.verdict == v1::ReviewReply::BLOCK) say(critic.CannedAnswer(review.answer, "fr"));
//
// Pure and immutable after Load: no I/O, no clock, safe to share. It fails closed: whatever goes
// wrong inside is a BLOCK. Work is bounded by the length of the text (at most kViewsMax readings of
// it).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/critic-supervisor/critic/evidence.h"
#include "services/critic-supervisor/critic/grounding.h"
#include "services/critic-supervisor/critic/policy.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::critic {

struct Review {
  v1::ReviewReply::Verdict verdict = v1::ReviewReply::BLOCK;
  // What kind of rule decided: "prompt_injection", "personal_data", …; empty when allowed.
  std::string policy;
  // The rule itself, for operators.
  std::string rule;
  // For the generator's next attempt; free of personal data.
  std::string reason;
  // Key of CannedAnswer; empty when allowed.
  std::string answer;
  // Which passages and records bear out an output; see Grounded::supported_by.
  std::vector<std::string> supported_by;
};

// What the build trained (evidence.h).
struct Models {
  // Judges what customers say, after the rules.
  EvidenceModel messages;
  // Judges retrieved and quoted text, sentence by sentence.
  EvidenceModel passages;
};

// Paths of everything that the critic reads at start.
struct Files {
  std::string policies;
  std::string message_model;
  std::string passage_model;
};

class Critic {
 public:
  // NotFound: a file is missing, and no critic stands: nothing works with half of it. DataLoss,
  // FailedPrecondition: a model is damaged or of another revision. InvalidArgument: one line for
  // each thing that is wrong in the policies.
  static absl::StatusOr<Critic> Load(const Files& files);

  // The rules alone: customers are judged by them, and every RETRIEVED text is blocked, since
  // nothing can judge it. For tests that are not about what the models know.
  static absl::StatusOr<Critic> LoadRules(const std::string& path);
  static absl::StatusOr<Critic> Parse(std::string_view json);

  Review Examine(const v1::ReviewRequest& request) const;

  // What the customer reads. `key` is a Review's answer or policy, "withheld" (no answer passed and
  // a person takes over) or "unavailable" (something failed). Any key and language give a text:
  // unknown keys "withheld", unknown languages English.
  std::string CannedAnswer(std::string_view key, std::string_view language) const;

  void set_models(Models models) { models_ = std::move(models); }

 private:
  explicit Critic(Policies policies);
  absl::StatusOr<Review> Judge(const v1::ReviewRequest& request) const;
  absl::StatusOr<Review> JudgeInput(const v1::ReviewRequest& request) const;
  absl::StatusOr<Review> JudgeOwnWords(std::string_view text,
                                       const v1::ReviewRequest& request) const;
  absl::StatusOr<Review> JudgeForeign(std::string_view text, std::string_view language,
                                      Voice voice) const;
  absl::StatusOr<Review> JudgeOutput(const v1::ReviewRequest& request) const;

  Policies policies_;
  Grounding grounding_;
  std::optional<Models> models_;
};

}  // namespace switchboard::critic
