#include "cli/eval/statistics.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace switchboard::cli::eval {

Interval Wilson(size_t hits, size_t all) {
  if (all == 0) return {0, 1};
  constexpr double kZ = 1.959964;  // 95 % of a normal distribution lie within
  const double n = static_cast<double>(all);
  const double share = static_cast<double>(hits) / n;
  const double middle = (share + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double half =
      kZ / (1 + kZ * kZ / n) * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

Interval Bootstrap(size_t count,
                   const std::function<double(const std::vector<size_t>& sample)>& statistic) {
  if (count == 0) return {0, 1};
  std::mt19937 random(1);
  std::uniform_int_distribution<size_t> pick(0, count - 1);
  std::vector<double> values;
  std::vector<size_t> sample(count);
  for (int i = 0; i < kResamples; ++i) {
    for (size_t& index : sample) index = pick(random);
    values.push_back(statistic(sample));
  }
  return {Percentile(values, 0.025), Percentile(values, 0.975)};
}

double Percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto index = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(index, values.size() - 1)];
}

}  // namespace switchboard::cli::eval
