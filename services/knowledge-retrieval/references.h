// What in a customer's text can be the number of an order, a parcel, a product or a customer.
//
//   FindReferences("is #10452 or JP10452EU late?")   // {kNumber "10452"}, {kCode "jp", "10452",
//   "eu"}
//
// Reads the text alone: whether such a thing exists is not known here, so nothing can leak.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchboard::knowledge_retrieval {

struct Reference {
  // Letters before the digits, lower case: "jp"; empty for a bare number, "#10452" and "ORD-10452".
  std::string prefix;
  std::string digits;
  // Letters after the digits, lower case: "eu".
  std::string suffix;
  // Marked as an order number: "#10452", "ORD-10452".
  bool marked = false;
};

// In order of appearance, each once, at most kReferencesMax. Bare numbers have 5 to 12 digits,
// others 3 to 12. Amounts, telephone numbers with a plus and e-mail addresses are passed over.
std::vector<Reference> FindReferences(std::string_view text);

inline constexpr size_t kReferencesMax = 5;

}  // namespace switchboard::knowledge_retrieval
