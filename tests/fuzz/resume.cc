// gateway and client: a turn's events on the wire and back, and a client that asks to go on after
// one of them. The first line is the Last-Event-ID (and, where it may be one, the turn's id); the
// rest is what a server sends, in pieces of any size.
//
// When the gateway reads Last-Event-ID, the place to demand that it gives back what it wrote is
// ResumeAfter.
#include <nlohmann/json.hpp>

#include "cli/event_stream.h"
#include "common/base/text.h"
#include "gateway/call_context.h"
#include "gateway/json_codec.h"
#include "gateway/sse.h"
#include "gateway/turn_events.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard {
namespace {

using cli::StreamEvent;

std::vector<StreamEvent> ReadInPieces(std::string_view text, size_t piece_size) {
  cli::EventStream stream;
  std::vector<StreamEvent> events;
  while (!text.empty()) {
    for (StreamEvent& event : stream.Feed(text.substr(0, piece_size))) {
      events.push_back(std::move(event));
    }
    text.remove_prefix(std::min(piece_size, text.size()));
  }
  return events;
}

// However the network cuts a stream, its reader sees the same events.
void ReadForeign(std::string_view text) {
  const auto whole = ReadInPieces(text, text.size() + 1);
  for (const size_t size : {1, 7}) {
    const auto pieces = ReadInPieces(text, size);
    FUZZ_DEMAND(pieces.size() == whole.size());
    for (size_t i = 0; i < whole.size(); ++i) {
      FUZZ_DEMAND(pieces[i].event == whole[i].event && pieces[i].data == whole[i].data);
    }
  }
}

// The events of a turn whose texts are the input's, as the gateway sends them.
void WriteOwn(const std::string& turn_id, std::string_view text) {
  gateway::TurnEventWriter writer(turn_id);
  v1::TurnEvent event;
  event.mutable_sentence()->set_text(std::string(text));
  v1::TurnReply reply;
  reply.set_turn_id(turn_id);
  reply.set_reply(std::string(text));
  const gateway::ServerSentEvent sent[] = {writer.Format(event), writer.Format(reply)};
  const std::string wire = gateway::FormatEvent(sent[0]) + gateway::FormatEvent(sent[1]);
  const auto read = ReadInPieces(wire, 11);
  FUZZ_DEMAND(read.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    FUZZ_DEMAND(read[i].event == sent[i].event && read[i].data == sent[i].data);
    FUZZ_DEMAND(!sent[i].id.empty() && sent[i].id.find('\n') == std::string::npos);
  }
  FUZZ_DEMAND(sent[0].id != sent[1].id);
  const auto final = nlohmann::json::parse(read[1].data, nullptr, false);
  FUZZ_DEMAND(final.is_object() && final["reply"] == text && final["turn_id"] == turn_id);
}

// What a client may send as an id it has seen: a key that the gateway takes comes back in its ids.
void ResumeAfter(std::string_view last_event_id, std::string_view text) {
  const auto context = gateway::MakeCallContext({.idempotency_key = std::string(last_event_id)},
                                                std::chrono::seconds(1));
  if (!context.ok()) return fuzz::DemandSound(context.status());
  if (IsValidUtf8(text)) WriteOwn(context->request_id, text);
}

}  // namespace
}  // namespace switchboard

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = switchboard::fuzz::Text(data, size);
  const std::string_view last_event_id = switchboard::fuzz::TakeLine(&text);
  switchboard::ReadForeign(text);
  switchboard::ResumeAfter(last_event_id, text);
  return 0;
}
