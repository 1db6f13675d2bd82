#include "cli/backup/progress.h"

#include "absl/strings/str_format.h"
#include "common/base/strings.h"

namespace switchboard::cli::backup {
namespace {

// Redrawn at most so often that a terminal is not what the copy waits for.
constexpr uint64_t kShowEveryBytes = 1 << 20;

}  // namespace

Progress::Progress(Terminal& terminal, std::string what, uint64_t total_bytes)
    : terminal_(terminal), what_(std::move(what)), total_bytes_(total_bytes) {}

Progress::~Progress() {
  if (shown_bytes_ > 0) terminal_.err << "\r\x1b[K" << std::flush;
}

void Progress::Add(uint64_t bytes) {
  bytes_ += bytes;
  if (!terminal_.progress || bytes_ - shown_bytes_ < kShowEveryBytes) return;
  shown_bytes_ = bytes_;
  terminal_.err << "\r" << what_ << "  " << HumanBytes(bytes_)
                << (total_bytes_ > 0 ? StrCat(" of ", HumanBytes(total_bytes_)) : "") << "\x1b[K"
                << std::flush;
}

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1000) return StrCat(bytes, " B");
  const char* const units[] = {"KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return absl::StrFormat(value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

}  // namespace switchboard::cli::backup
