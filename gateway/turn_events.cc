#include "gateway/turn_events.h"

#include "common/base/strings.h"
#include "gateway/json_codec.h"

namespace switchboard::gateway {

ServerSentEvent TurnEventWriter::Numbered(std::string name, std::string data) {
  return {std::move(name), StrCat(turn_id_, "/", ++sequence_), std::move(data)};
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
  return Numbered("final", EncodeJson(reply));
}

}  // namespace switchboard::gateway
