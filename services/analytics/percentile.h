// Exact percentiles by nearest rank.
#pragma once

#include <cstddef>
#include <span>

namespace switchboard::analytics {

// The smallest of `sorted` (ascending) that at least `percent` (1 to 100) of the values do not
// exceed; 0 for none. Integers only, because 0.95 * 100 is not 95 in binary.
inline double NearestRank(std::span<const double> sorted, int percent) {
  if (sorted.empty()) return 0;
  const size_t rank = (sorted.size() * static_cast<size_t>(percent) + 99) / 100;
  return sorted[rank - 1];
}

}  // namespace switchboard::analytics
