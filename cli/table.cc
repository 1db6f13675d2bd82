#include "cli/table.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "cli/terminal.h"
#include "common/base/text.h"

namespace switchboard::cli {

Table::Table(std::vector<std::string> headings, std::vector<Side> sides)
    : sides_(std::move(sides)) {
  sides_.resize(headings.size(), kLeft);
  rows_.push_back(std::move(headings));
}

void Table::Add(std::vector<std::string> cells) {
  cells.resize(sides_.size());
  for (std::string& cell : cells) cell = PrintableLine(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Text() const {
  std::vector<size_t> widths(sides_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], CountCodePoints(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line.append("  ");
      const std::string space(widths[i] - CountCodePoints(row[i]), ' ');
      line.append(sides_[i] == kLeft ? row[i] + space : space + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out.append(line).push_back('\n');
  }
  return out;
}

std::string HumanCount(double value) {
  if (value < 10000) return absl::StrFormat("%.0f", value);
  if (value < 1e6) return absl::StrFormat("%.1f k", value / 1e3);
  return absl::StrFormat("%.1f M", value / 1e6);
}

std::string HumanMs(double milliseconds) {
  if (milliseconds < 10) return absl::StrFormat("%.2g ms", milliseconds);
  if (milliseconds < 1000) return absl::StrFormat("%.0f ms", milliseconds);
  const double seconds = milliseconds / 1000;
  if (seconds < 100) return absl::StrFormat("%.1f s", seconds);
  if (seconds < 7200) return absl::StrFormat("%.0f min", seconds / 60);
  if (seconds < 48 * 3600) return absl::StrFormat("%.0f h", seconds / 3600);
  return absl::StrFormat("%.0f d", seconds / 86400);
}

}  // namespace switchboard::cli
