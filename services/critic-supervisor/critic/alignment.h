// Lays a sentence beside the sentences of its sources and says where they differ, as a few figures
// that a person can read and a logistic model weighs.
//
//   Alignment alignment = Align(claim, claim.sentences[0], sources);
//   alignment.Score() > 0   // not supported
//
// Pure. Work is the product of the sentence's words with the sources' words that it shares, and
// bounded: at most kItemsMax words of a sentence are weighed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "services/critic-supervisor/critic/statement.h"

namespace switchboard::critic {

// A text that may support a sentence.
struct Source {
  bool record = false;     // an order, a product, …
  bool comparable = true;  // in the sentence's language; a translation shares fewer words
};

struct Sources {
  Statements statements;  // Sentence::source indexes `texts`; titles are sentences of their own
  std::vector<Source> texts;
  std::vector<bool> titles;  // parallel to statements.sentences
};

enum class Feature : uint8_t {
  kNewKnown,    // weight of words whose meaning no source has
  kNewOther,    // the same of words that the vocabulary does not know
  kScattered,   // weight of the words that stand elsewhere in the sources, not where the rest does
  kThing,       // features, places and means that no source names
  kNewShare,    // share of both, 0 to 1
  kPromise,     // words that cost the company and that no source has
  kQuantity,    // quantities, dates and names that no source gives
  kBinding,     // quantities that a source gives for something else
  kBound,       // at least for at most, before for after
  kWeekday,     // days of the week that the supporting sentence does not name
  kNegation,    // said of what the source denies, or the reverse
  kUniversal,   // always, every, all
  kCondition,   // the source's condition is left out
  kNarrowing,   // whom or what the source is limited to is left out
  kOnly,        // "only" where the source has none
  kComparison,  // cheaper, faster than
  kName,        // a name that does not stand where the rest does
  kCount
};
inline constexpr size_t kFeatureCount = static_cast<size_t>(Feature::kCount);
std::string_view FeatureName(Feature feature);

struct Alignment {
  std::array<double, kFeatureCount> features{};
  // Nothing in it needs support: a greeting, an offer, a question back.
  bool states_nothing = false;
  // Indices of Sources::texts that support it, best first; at most two.
  std::vector<uint32_t> support;
  // Words of the claim that the support does not have.
  std::vector<uint32_t> missing;

  // Above 0: not supported.
  double Score() const;
  // The feature that counts most towards "not supported".
  Feature Reason() const;
};

inline constexpr size_t kItemsMax = 48;

Alignment Align(const Statements& claim, const Sentence& sentence, const Sources& sources);

}  // namespace switchboard::critic
