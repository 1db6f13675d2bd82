// How far a measured figure can be trusted.
//
//   Interval accuracy = Wilson(912, 1000);              // 0.893 to 0.928
//   Interval f1 = Bootstrap(cases.size(), [&](const std::vector<size_t>& sample) { … });
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace switchboard::cli::eval {

// Holds the true value in 95 of 100 such measurements.
struct Interval {
  double low = 0;
  double high = 0;
};

// Of a share: Wilson's score interval, right also near 0 and 1. {0, 1} of nothing.
Interval Wilson(size_t hits, size_t all);

// Of any statistic of `count` cases: the middle 95 % of its values on kResamples samples drawn with
// replacement. Draws the same samples each time.
Interval Bootstrap(size_t count,
                   const std::function<double(const std::vector<size_t>& sample)>& statistic);

// Enough for two digits of an interval's ends.
inline constexpr int kResamples = 1000;

// The value below which `share` (0 to 1) of `values` lie; 0 of nothing. Sorts `values`.
double Percentile(std::vector<double>& values, double share);

}  // namespace switchboard::cli::eval
