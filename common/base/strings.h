// Abseil's string functions for std::string_view.
//
// Debian's abseil is built with a string_view type of its own, which does not convert from or to
// std::string_view (docs/adr/0002-packages.md). The project speaks std::string_view everywhere;
// these few functions are the border. Names and behaviour are abseil's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace switchboard {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace strings_internal {
template <typename T>
decltype(auto) Piece(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}
}  // namespace strings_internal

template <typename... Args>
std::string StrCat(const Args&... args) {
  return absl::StrCat(strings_internal::Piece(args)...);
}

template <typename... Args>
void StrAppend(std::string* out, const Args&... args) {
  absl::StrAppend(out, strings_internal::Piece(args)...);
}

template <typename Integer>
[[nodiscard]] bool SimpleAtoi(std::string_view text, Integer* value) {
  return absl::SimpleAtoi(ToAbsl(text), value);
}
[[nodiscard]] inline bool SimpleAtod(std::string_view text, double* value) {
  return absl::SimpleAtod(ToAbsl(text), value);
}
[[nodiscard]] inline bool SimpleAtob(std::string_view text, bool* value) {
  return absl::SimpleAtob(ToAbsl(text), value);
}

inline std::string AsciiStrToLower(std::string_view text) {
  return absl::AsciiStrToLower(ToAbsl(text));
}
inline std::string AsciiStrToUpper(std::string_view text) {
  return absl::AsciiStrToUpper(ToAbsl(text));
}

// White space at both ends taken off.
inline std::string_view Trim(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

// The pieces between separators, empty ones included: n separators give n + 1 pieces.
inline std::vector<std::string_view> StrSplit(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

template <typename Range>
std::string StrJoin(const Range& range, std::string_view separator) {
  std::string out;
  bool first = true;
  for (const auto& piece : range) {
    if (!first) out.append(separator);
    first = false;
    out.append(std::string_view(piece));
  }
  return out;
}

}  // namespace switchboard
