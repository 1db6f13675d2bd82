#include "services/escalation/trouble.h"

#include <algorithm>

#include "absl/strings/string_view.h"

namespace switchboard::escalation {
namespace {

// Shorter words are articles and pronouns, numbers aside.
constexpr size_t kWordSizeMin = 3;
// A stem's length in bytes; four languages inflect behind it.
constexpr size_t kStemSize = 4;

uint64_t Hash(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace

ContentWords::ContentWords(const text::Tokens& tokens, const Filler& filler) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view word = tokens.word(i);
    if (word.size() < kWordSizeMin || filler.contains(absl::string_view(word.data(), word.size())))
      continue;
    stems_.push_back(Hash(word.substr(0, kStemSize)));
  }
  std::sort(stems_.begin(), stems_.end());
  stems_.erase(std::unique(stems_.begin(), stems_.end()), stems_.end());
}

double ContentWords::Overlap(const ContentWords& other) const {
  if (empty() || other.empty()) return 0;
  size_t shared = 0;
  auto mine = stems_.begin();
  for (auto theirs = other.stems_.begin(); mine != stems_.end() && theirs != other.stems_.end();) {
    if (*mine == *theirs) {
      ++shared, ++mine, ++theirs;
    } else if (*mine < *theirs) {
      ++mine;
    } else {
      ++theirs;
    }
  }
  // One word in common is a topic, not a question that comes again.
  return static_cast<double>(shared) /
         static_cast<double>(std::max<size_t>(2, std::min(size(), other.size())));
}

}  // namespace switchboard::escalation
