// W3C trace context: the `traceparent` that every message carries.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchboard::trace {

struct Context {
  std::string trace_id;  // 32 lower-case hexadecimal digits
  std::string span_id;   // 16
  bool sampled = true;

  std::string traceparent() const;
};

// nullopt when `traceparent` is not of version 00's form or all zeros.
std::optional<Context> Parse(std::string_view traceparent);

// A new trace.
Context NewTrace();

// The same trace, a new span below this one.
Context Child(const Context& parent);

}  // namespace switchboard::trace
