#include "cli/kb/entry.h"

#include <algorithm>

#include "common/base/strings.h"

namespace switchboard::cli::kb {
namespace {

constexpr size_t kIdBytesMax = 128;
constexpr const char* kKinds[] = {"order", "product", "customer"};

bool IsIdByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string KeyOf(const v1::KnowledgeEntry& entry) {
  if (entry.has_row()) return StrCat(entry.row().kind(), ".", entry.row().id());
  return StrCat("doc.", entry.document().id());
}

std::string KeyFromId(std::string_view id) {
  for (const std::string_view kind : kKinds) {
    if (id.size() > kind.size() + 1 && id.substr(0, kind.size()) == kind &&
        (id[kind.size()] == '.' || id[kind.size()] == ':')) {
      return StrCat(kind, ".", id.substr(kind.size() + 1));
    }
  }
  return id.substr(0, 4) == "doc." ? std::string(id) : StrCat("doc.", id);
}

absl::Status At(std::string_view file, size_t line, std::string_view what) {
  return absl::InvalidArgumentError(StrCat(file, ":", line, ": ", what));
}

absl::Status CheckId(std::string_view id, std::string_view file, size_t line) {
  const bool good = !id.empty() && id.size() <= kIdBytesMax && id.front() != '.' &&
                    id.back() != '.' && id.find("..") == std::string_view::npos &&
                    std::all_of(id.begin(), id.end(), IsIdByte);
  if (good) return absl::OkStatus();
  return At(file, line,
            StrCat("id \"", id, "\" is not usable: write 1 to ", kIdBytesMax,
                   " letters, digits, . _ and -, with no dot at either end"));
}

}  // namespace switchboard::cli::kb
