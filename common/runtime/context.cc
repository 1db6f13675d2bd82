#include "common/runtime/context.h"

#include <algorithm>

#include "common/base/strings.h"

namespace switchboard::runtime {

Context Context::FromMessage(const bus::Message& message) {
  std::chrono::milliseconds remaining = kDefaultDeadline;
  int64_t remaining_ms = 0;
  if (SimpleAtoi(message.Header(kHeaderDeadline), &remaining_ms)) {
    remaining =
        std::chrono::milliseconds(std::clamp<int64_t>(remaining_ms, 0, kDeadlineMax.count()));
  }
  std::optional<trace::Context> trace = trace::Parse(message.Header(kHeaderTrace));
  Context context{Deadline::After(remaining), std::string(message.Header(kHeaderTurn)),
                  std::string(message.Header(kHeaderConversation)),
                  trace ? *std::move(trace) : trace::NewTrace()};
  (void)SimpleAtoi(message.Header(kHeaderAttempt), &context.attempt);
  return context;
}

Context Context::WithDeadline(Deadline sooner) const {
  Context context = *this;
  context.deadline = Deadline(std::min(deadline.at(), sooner.at()));
  return context;
}

bus::Headers RequestHeaders(const Context& context, std::string_view type, std::string_view agent) {
  bus::Headers headers;
  headers.reserve(8);
  headers.emplace_back(kHeaderType, type);
  headers.emplace_back(kHeaderAgent, agent);
  if (!context.turn_id.empty()) headers.emplace_back(kHeaderTurn, context.turn_id);
  if (!context.conversation_id.empty()) {
    headers.emplace_back(kHeaderConversation, context.conversation_id);
  }
  headers.emplace_back(kHeaderDeadline, StrCat(context.deadline.Remaining().count()));
  headers.emplace_back(kHeaderTrace, context.trace.traceparent());
  return headers;
}

}  // namespace switchboard::runtime
