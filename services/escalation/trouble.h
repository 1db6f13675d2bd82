// How far two messages say the same, for conversations in which a question comes back in other
// words.
//
//   const ContentWords now = ContentWordsOf(tokens, filler);
//   now.Overlap(before);   // "does it come with a lid" ~ "is the lid included": 0.5
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/text/phrases.h"

namespace switchboard::escalation {

using Filler = absl::flat_hash_set<std::string>;

// The words of a message that carry its subject: no filler, cut to their beginning so that
// inflections meet ("delivered", "delivery"); each once.
class ContentWords {
 public:
  ContentWords() = default;
  ContentWords(const text::Tokens& tokens, const Filler& filler);

  bool empty() const { return stems_.empty(); }
  size_t size() const { return stems_.size(); }
  // What is in common as a share of the shorter one, 0 to 1; 0 when either is empty.
  double Overlap(const ContentWords& other) const;

 private:
  std::vector<uint64_t> stems_;  // sorted
};

}  // namespace switchboard::escalation
