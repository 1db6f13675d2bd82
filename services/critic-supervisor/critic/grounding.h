// Tells whether a sentence of an answer says only what its sources say.
//
//   Grounding grounding(policy);
//   std::string objection = grounding.Objection(request);   // empty: supported
//
// Every number, date, identifier, address and (outside German) capitalised name must stand in a
// passage or a record; every claim the policy lists (a refund, something free, a guarantee …) must
// be made by a source; a sentence that states such facts must share enough words with its best
// passage in the same language, unless a record bears it out. Openers, offers and apologies state
// nothing checkable and pass.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "services/critic-supervisor/critic/policy.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::critic {

class Grounding {
 public:
  explicit Grounding(const GroundingPolicy& policy);

  // What no source supports, in words for the generator and without the value itself; empty when
  // all is supported.
  std::string Objection(const v1::ReviewRequest& request) const;

 private:
  struct Sources;
  struct Sentence;
  Sources Read(const v1::ReviewRequest& request) const;
  std::string UnsupportedFact(const Sentence& sentence, const Sources& sources) const;
  std::string UnsupportedName(const Sentence& sentence, const Sources& sources) const;
  std::string UnsupportedClaim(const Sentence& sentence, const Sources& sources) const;
  bool Covered(const Sentence& sentence, const Sources& sources, std::string_view language) const;
  // Bit c: concept c is stated by one of the words.
  uint64_t ClaimsOf(const std::vector<std::string>& words) const;

  double coverage_min_;
  std::vector<std::string> claim_names_;
  std::vector<std::vector<std::string>> claim_stems_;
  absl::flat_hash_set<std::string> common_, known_names_;
};

}  // namespace switchboard::critic
