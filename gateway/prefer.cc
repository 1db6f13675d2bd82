#include "gateway/prefer.h"

#include <vector>

#include "common/base/strings.h"

namespace switchboard::gateway {
namespace {

// A day: longer waits mean the same.
constexpr int kWaitSecondsMax = 86400;

// Pieces between `separator`, but for those within quotes.
std::vector<std::string_view> SplitOutsideQuotes(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == separator && !quoted) {
      pieces.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

std::string_view Unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  return text.substr(1, text.size() - 2);
}

}  // namespace

Preferences ParsePrefer(std::string_view header) {
  Preferences preferences;
  for (const std::string_view preference : SplitOutsideQuotes(header, ',')) {
    // What follows the first semicolon are parameters; ours have none.
    const std::string_view head = SplitOutsideQuotes(preference, ';').front();
    const size_t equals = head.find('=');
    const std::string name = AsciiStrToLower(Trim(head.substr(0, equals)));
    const std::string_view value = equals == std::string_view::npos
                                       ? std::string_view()
                                       : Unquoted(Trim(head.substr(equals + 1)));
    if (name == "respond-async" && value.empty()) preferences.respond_async = true;
    int seconds = 0;
    if (name == "wait" && !preferences.wait && SimpleAtoi(value, &seconds) && seconds >= 0) {
      preferences.wait = std::chrono::seconds(std::min(seconds, kWaitSecondsMax));
    }
  }
  return preferences;
}

std::string Preferences::Applied() const {
  std::string applied = respond_async ? "respond-async" : "";
  if (wait) StrAppend(&applied, applied.empty() ? "" : ", ", "wait=", wait->count());
  return applied;
}

}  // namespace switchboard::gateway
