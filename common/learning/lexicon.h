// Words that mean the same, in several languages, under one name: what the model learns from an
// English "refund" then also speaks for "remboursement" and "reembolso".
//
//   ASSIGN_OR_RETURN(const Lexicon lexicon, Lexicon::FromJson(concepts_json));
//   lexicon.ForEachConcept("remboursez", [](uint16_t concept_id) { … });
//
// Concepts decide nothing by themselves: they are features beside the words and letters, and the
// model learns what they are worth. The trainer reads concepts.json; the model file carries a copy,
// so that a model always meets the concepts it was trained with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace switchboard::learning {

class Lexicon {
 public:
  // Knows nothing.
  Lexicon() = default;

  // {"concepts": {"refund": {"en": "refund* reimburs*", "fr": "rembours*"}, …}}; a star at the end
  // stands for any rest. InvalidArgument names what is wrong.
  static absl::StatusOr<Lexicon> FromJson(std::string_view json);

  // One line a concept, its words separated by spaces: what Serialize gives.
  static Lexicon Parse(std::string_view lines);
  const std::string& Serialize() const { return lines_; }

  // Calls visit(id) for each concept that a normalised word stands for: those of the word itself
  // and those of the longest beginning listed with a star.
  template <typename Visit>
  void ForEachConcept(std::string_view word, const Visit& visit) const;

 private:
  using Concepts = std::vector<uint16_t>;

  // The shortest beginning that may carry a star.
  static constexpr size_t kPrefixMin = 3;

  static constexpr uint64_t kHashOfNothing = 0xcbf29ce484222325u;  // FNV-1a
  static uint64_t ExtendHash(uint64_t hash, char next);
  static uint64_t Hash(std::string_view bytes);
  const Concepts* LongestPrefix(std::string_view word) const;

  std::string lines_;
  absl::flat_hash_map<uint64_t, Concepts> words_;
  absl::flat_hash_map<uint64_t, Concepts> prefixes_;
  size_t prefix_length_max_ = 0;
};

template <typename Visit>
void Lexicon::ForEachConcept(std::string_view word, const Visit& visit) const {
  const auto exact = words_.find(Hash(word));
  if (exact != words_.end()) {
    for (const uint16_t id : exact->second) visit(id);
  }
  const Concepts* prefix = LongestPrefix(word);
  if (prefix == nullptr) return;
  for (const uint16_t id : *prefix) {
    const bool is_new =
        exact == words_.end() ||
        std::find(exact->second.begin(), exact->second.end(), id) == exact->second.end();
    if (is_new) visit(id);
  }
}

}  // namespace switchboard::learning
