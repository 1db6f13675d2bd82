// Text in columns, as wide as their widest cell.
//
//   Table table({"agent", "requests"}, {Table::kLeft, Table::kRight});
//   table.Add({"escalation", "1204"});
//   out << table.Text();
#pragma once

#include <string>
#include <vector>

namespace switchboard::cli {

class Table {
 public:
  enum Side { kLeft, kRight };
  // `sides` may be shorter than `headings`: the rest is left.
  explicit Table(std::vector<std::string> headings, std::vector<Side> sides = {});

  // Control characters are replaced, missing cells are empty.
  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.size() == 1; }
  // Each row ends in a line break and has no trailing spaces.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<Side> sides_;
};

// "9999", "12.3 k", "3.4 M"
std::string HumanCount(double value);
// "0.8 ms", "12 ms", "3.2 s", "2 min", "5 h", "3 d"
std::string HumanMs(double milliseconds);

}  // namespace switchboard::cli
