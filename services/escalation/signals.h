// Reads data/signals.json; see README.md for its form.
#pragma once

#include <array>
#include <string_view>

namespace switchboard::escalation {

// Lowest first.
inline constexpr std::array<std::string_view, 4> kPriorities = {"low", "normal", "high", "urgent"};

}  // namespace switchboard::escalation
