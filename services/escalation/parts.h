// Splits a message where one thing ends and another may begin.
//
//   SplitParts("I want a person, the charger caught fire!", parts);
//     // "I want a person", " the charger caught fire"
#pragma once

#include <string_view>
#include <vector>

namespace switchboard::escalation {

inline constexpr size_t kPartsMax = 6;

// At commas and the ends of sentences; a part of fewer than three words stays with its neighbour.
// At most kPartsMax parts: the last holds the rest. Replaces `parts`; views into `message`.
void SplitParts(std::string_view message, std::vector<std::string_view>& parts);

}  // namespace switchboard::escalation
