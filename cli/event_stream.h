// Server-sent events (WHATWG HTML, section 9.2) from text that arrives in pieces of any size.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchboard::cli {

struct StreamEvent {
  // "message" when the sender names none.
  std::string event;
  std::string data;
};

class EventStream {
 public:
  // The events that `piece` completes, in order. Comments and events without data are left out.
  std::vector<StreamEvent> Feed(std::string_view piece);

 private:
  void TakeLine(std::string_view line, std::vector<StreamEvent>& events);

  std::string rest_;
  StreamEvent next_;
  bool has_data_ = false;
};

}  // namespace switchboard::cli
