// Reads a whole file. Executables, tools and tests do; domain logic takes contents.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/statusor.h"

namespace switchboard {

// NotFound when the file cannot be read.
inline absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(path + " cannot be read");
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

}  // namespace switchboard
