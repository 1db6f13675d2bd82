// What a long command has done: redrawn on one line of a terminal, nothing in a pipe.
#pragma once

#include <string>

#include "cli/terminal.h"

namespace switchboard::cli::backup {

class Progress {
 public:
  // `total_bytes` 0: not known.
  Progress(Terminal& terminal, std::string what, uint64_t total_bytes);
  ~Progress();
  void Add(uint64_t bytes);

 private:
  Terminal& terminal_;
  const std::string what_;
  const uint64_t total_bytes_;
  uint64_t bytes_ = 0;
  uint64_t shown_bytes_ = 0;
};

// "0 B", "12 KB", "3.4 MB"
std::string HumanBytes(uint64_t bytes);

}  // namespace switchboard::cli::backup
