#include "gateway/turn_events.h"

#include "common/base/strings.h"
#include "gateway/json_codec.h"

namespace switchboard::gateway {
namespace {

constexpr std::string_view kFinal = "final";

}  // namespace

Seen SeenOf(std::string_view last_event_id, std::string_view turn_id) {
  if (last_event_id.size() <= turn_id.size() + 1 || !last_event_id.starts_with(turn_id) ||
      last_event_id[turn_id.size()] != ':') {
    return Seen::kNothing;
  }
  return last_event_id.substr(turn_id.size() + 1) == kFinal ? Seen::kFinal : Seen::kBegun;
}

ServerSentEvent TurnEventWriter::Numbered(std::string name, std::string data) {
  return {std::move(name), StrCat(turn_id_, ":", ++sequence_), std::move(data)};
}

ServerSentEvent TurnEventWriter::Format(const v1::TurnEvent& event) {
  switch (event.event_case()) {
    case v1::TurnEvent::kSentence:
      return Numbered("sentence", EncodeJson(event.sentence()));
    case v1::TurnEvent::kRestart:
      return Numbered("restart", EncodeJson(event.restart()));
    default:
      return Numbered("progress", EncodeJson(event.progress()));
  }
}

ServerSentEvent TurnEventWriter::Format(const v1::TurnReply& reply) {
  return {"final", StrCat(turn_id_, ":", kFinal), EncodeJson(reply)};
}

ServerSentEvent TurnEventWriter::Format(const v1::TurnStatus& status) {
  switch (status.state()) {
    case v1::TurnStatus::ANSWERED:
      return Format(status.reply());
    case v1::TurnStatus::DEAD:
      return {"dead", StrCat(turn_id_, ":", kFinal), EncodeJson(status)};
    default:
      return {"accepted", "", EncodeJson(status)};
  }
}

}  // namespace switchboard::gateway
