// Unwraps text that hides inside other text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchboard::critic {

// Readable text inside base64, hexadecimal or percent-encoded runs of `text`, at most `count_max`.
// A run that decodes to something unreadable (a tracking number, a hash) is no text.
std::vector<std::string> DecodeFragments(std::string_view text, size_t count_max);

// Each ASCII letter moved by 13.
std::string Rot13(std::string_view text);

// The code points from last to first.
std::string Reverse(std::string_view text);

}  // namespace switchboard::critic
