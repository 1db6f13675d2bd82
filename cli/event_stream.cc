#include "cli/event_stream.h"

namespace switchboard::cli {

std::vector<StreamEvent> EventStream::Feed(std::string_view piece) {
  rest_.append(piece);
  std::vector<StreamEvent> events;
  size_t begin = 0;
  for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string_view line = std::string_view(rest_).substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    TakeLine(line, events);
  }
  rest_.erase(0, begin);
  return events;
}

void EventStream::TakeLine(std::string_view line, std::vector<StreamEvent>& events) {
  if (line.empty()) {
    if (next_.event.empty()) next_.event = "message";
    if (has_data_) events.push_back(next_);
    next_ = {};
    has_data_ = false;
    return;
  }
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "event") next_.event = std::string(value);
  if (field == "data") {
    if (has_data_) next_.data.push_back('\n');
    next_.data.append(value);
    has_data_ = true;
  }
}

}  // namespace switchboard::cli
