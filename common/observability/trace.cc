#include "common/observability/trace.h"

#include <algorithm>

#include "common/base/id.h"
#include "common/base/strings.h"

namespace switchboard::trace {
namespace {

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool AllZero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string Context::traceparent() const {
  return StrCat("00-", trace_id, "-", span_id, sampled ? "-01" : "-00");
}

std::optional<Context> Parse(std::string_view text) {
  // 00-<32>-<16>-<2>
  if (text.size() != 55 || text.substr(0, 3) != "00-" || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const std::string_view trace_id = text.substr(3, 32);
  const std::string_view span_id = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!IsLowerHex(trace_id) || !IsLowerHex(span_id) || !IsLowerHex(flags) || AllZero(trace_id) ||
      AllZero(span_id)) {
    return std::nullopt;
  }
  const bool sampled = (flags[1] >= 'a' ? flags[1] - 'a' + 10 : flags[1] - '0') & 1;
  return Context{std::string(trace_id), std::string(span_id), sampled};
}

Context NewTrace() { return Context{RandomHex(16), RandomHex(8), true}; }

Context Child(const Context& parent) {
  return Context{parent.trace_id, RandomHex(8), parent.sampled};
}

}  // namespace switchboard::trace
