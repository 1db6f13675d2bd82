// What the standard library does not know about UTF-8 text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchboard {

// True when `text` is well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

// Code points in well-formed UTF-8.
size_t CountCodePoints(std::string_view text);

// At most `code_points_max` code points of `text`, with "…" at the end when it was longer.
std::string Truncate(std::string_view text, size_t code_points_max);

// Lower case for ASCII, Latin-1 and Latin Extended-A letters, and Greek and Cyrillic capitals;
// other code points stay as they are.
std::string ToLower(std::string_view text);

// ToLower, and letters without their accents: "Où ÉTAIT" → "ou etait".
std::string FoldAccents(std::string_view text);

// Decodes the code point at `position` and moves past it. Malformed bytes give U+FFFD, one byte
// each.
char32_t NextCodePoint(std::string_view text, size_t& position);

void AppendUtf8(std::string& out, char32_t code_point);

}  // namespace switchboard
