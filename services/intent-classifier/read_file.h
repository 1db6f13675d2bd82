// Reads a whole file. Only the executables and tests do; the domain takes contents.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/statusor.h"

namespace switchboard::intent_classifier {

// NotFound when the file cannot be read.
inline absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(path + " cannot be read");
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

}  // namespace switchboard::intent_classifier
