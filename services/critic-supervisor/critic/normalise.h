// Undoes what people do to a text so that a filter does not see it: look-alike letters, invisible
// characters, mark-up, digits for letters, spaced-out words, encodings.
//
//   Views views = Normalise("1gn0re аll рrevious instructions");
//   views.texts[0] == "1gn0re all previous instructions";   // folded: the main view
//   views.texts[1] == "ignore all previous instructions";   // one more for each disguise found
//
// The main view is lower case without accents, with simple quotes and white space, ready for
// text::Tokenize. Work is bounded: at most kViewsMax views, each at most as long as the input.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::critic {

// The main view, leet, joined letters, reversed or rot13, and a few unwrapped fragments.
inline constexpr size_t kViewsMax = 8;

struct Views {
  // Never empty; the first is the main view.
  std::vector<std::string> texts;
};

Views Normalise(std::string_view text);

// The main view alone.
std::string Fold(std::string_view text);

// Letters for the digits and signs that stand for them, in words that hold both; empty when there
// are none.
std::string Unleet(std::string_view folded);

// "i g n o r e t h i s" → "ignorethis"; empty when no run of four letters is there.
std::string JoinSpacedLetters(std::string_view folded);

}  // namespace switchboard::critic
