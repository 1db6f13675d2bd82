// A passage cut into sentences, each a view of the passage, so that a quote is verbatim by
// construction.
//
//   SplitSentences("It costs 4.90 EUR, e.g. in the U.K. office. Keep the box.")
//     → "It costs 4.90 EUR, e.g. in the U.K. office."  "Keep the box."
//
// Survives abbreviations, decimals, initials, numbered and bulleted lists, wrapped lines, headings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchboard::response_generator {

struct Sentence {
  // Without list marker and surrounding white space; a view of the text that was split.
  std::string_view text;
  // Of a numbered list item: its number; otherwise 0.
  int number = 0;
  bool bullet = false;
  // From 0; a blank line or a list item begins a new one.
  int paragraph = 0;
};

// Headings ("# …") are left out.
std::vector<Sentence> SplitSentences(std::string_view text);

// Line breaks and runs of white space become one space.
std::string OneLine(std::string_view text);

}  // namespace switchboard::response_generator
