// Splits a message into the parts that may each want something else.
//
//   SplitClauses("Return the shoes and also cancel my plan. Thanks!", clauses)
//     // "Return the shoes", " also cancel my plan. Thanks!"
#pragma once

#include <string_view>
#include <vector>

namespace switchboard::learning {

// At the ends of sentences and at words that join main clauses (and, et, y, und …). A part of fewer
// than three words says too little and stays with its neighbour. At most kClausesMax parts: the
// last holds the rest. Replaces `clauses`; views into `message`.
void SplitClauses(std::string_view message, std::vector<std::string_view>& clauses);

inline constexpr size_t kClausesMax = 8;

}  // namespace switchboard::learning
