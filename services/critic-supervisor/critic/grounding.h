// Tells whether a sentence of an answer says only what its sources say, and which of them say it.
//
//   Grounding grounding(policy);
//   Grounded grounded = grounding.Judge(request);
//   grounded.objection;      // empty: supported
//   grounded.supported_by;   // {"return-policy", "order:10452"}
//
// First what can be looked up: every identifier, address and (outside German) name must stand in a
// source. Then each sentence is laid beside the sentences of the passages and the fields of the
// records (alignment.h): words by meaning, quantities with their unit and what they are said of,
// negation, conditions, "always" and "only". Openers, offers, questions back and "I don't know"
// state nothing and pass. What stands in a passage sentence for sentence passes at once.
//
// English, French and Spanish. In other languages the facts, the claims of the policy and a share
// of common words are checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "services/critic-supervisor/critic/alignment.h"
#include "services/critic-supervisor/critic/policy.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::critic {

struct Grounded {
  // What no source supports, in words for the generator and without the value itself; empty when
  // all is supported.
  std::string objection;
  // Document ids of passages and "<kind>:<id>" of records, the best of each sentence first; empty
  // when the text states nothing.
  std::vector<std::string> supported_by;
};

class Grounding {
 public:
  explicit Grounding(const GroundingPolicy& policy);

  Grounded Judge(const v1::ReviewRequest& request) const;

  // The alignment of each sentence of the text; what fit_grounding learns from.
  std::vector<Alignment> Align(const v1::ReviewRequest& request) const;

 private:
  std::string UnsupportedFact(const v1::ReviewRequest& request, const Statements& claim,
                              const Sources& sources) const;
  std::string UnsupportedClaim(const v1::ReviewRequest& request) const;
  void ForgetKnownNames(std::string_view text, std::string_view language, Statements& claim) const;
  bool IsKnownName(std::string_view word) const;
  // Bit c: concept c is stated by one of the words.
  uint64_t ClaimsOf(const std::vector<std::string>& words) const;

  double coverage_min_;
  std::vector<std::string> claim_names_;
  std::vector<std::vector<std::string>> claim_stems_;
  absl::flat_hash_set<std::string> common_, known_names_;
};

}  // namespace switchboard::critic
