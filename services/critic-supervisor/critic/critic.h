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

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
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

// A second opinion on inputs that no rule has caught, such as a trained model.
class InputClassifier {
 public:
  // True when `folded`, the text's main view, is an attack.
  virtual bool IsAttack(std::string_view folded) const = 0;
  virtual ~InputClassifier() = default;
};

class Critic {
 public:
  // NotFound: no such file. InvalidArgument: one line for each thing that is wrong in it.
  static absl::StatusOr<Critic> Load(const std::string& path);
  static absl::StatusOr<Critic> Parse(std::string_view json);

  Review Examine(const v1::ReviewRequest& request) const;

  // What the customer reads. `key` is a Review's answer or policy, "withheld" (no answer passed and
  // a person takes over) or "unavailable" (something failed). Any key and language give a text:
  // unknown keys "withheld", unknown languages English.
  std::string CannedAnswer(std::string_view key, std::string_view language) const;

  void set_classifier(std::unique_ptr<InputClassifier> classifier) {
    classifier_ = std::move(classifier);
  }

 private:
  explicit Critic(Policies policies);
  absl::StatusOr<Review> Judge(const v1::ReviewRequest& request) const;
  absl::StatusOr<Review> JudgeInput(const v1::ReviewRequest& request) const;
  absl::StatusOr<Review> JudgeOutput(const v1::ReviewRequest& request) const;

  Policies policies_;
  Grounding grounding_;
  std::unique_ptr<InputClassifier> classifier_;
};

}  // namespace switchboard::critic
