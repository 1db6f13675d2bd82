// What the critic objected to, found again among the sentences of the answer it read.
//
//   Objections({"sentence 2: no passage supports \"It ships in 2 hours\""}, sentences) → {2}
//
// Understood: "sentence 2" (from 0, as GenerateChunk.index counts), quoted words that stand in a
// sentence, and reasons that name personal data, which strike what was said of records. Pure; no
// I/O.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::response_generator {

struct Objections {
  std::set<size_t> sentences;
  // Personal data was the reason: nothing of a record is repeated.
  bool personal_data = false;

  bool empty() const { return sentences.empty() && !personal_data; }
};

Objections FindObjections(const std::vector<std::string>& feedback,
                          const std::vector<std::string>& sentences);

}  // namespace switchboard::response_generator
