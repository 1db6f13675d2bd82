// What common/base/strings.h lacks and only this folder needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/strings.h"

namespace switchboard::response_generator {

// The pieces between `separator`s that are not empty.
inline std::vector<std::string_view> SplitNonEmpty(std::string_view text,
                                                   std::string_view separator) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    if (end != 0) out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + separator.size());
  }
  return out;
}

inline void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace switchboard::response_generator
