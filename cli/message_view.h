// A message of the mesh as `switchboard tail` shows it, apart from the bus so that it can be
// tested.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "cli/terminal.h"
#include "google/protobuf/message.h"

namespace switchboard::cli {

struct MessageView {
  std::string subject;
  // Its headers; empty where there is none.
  std::string type, turn, conversation, agent, deadline_ms, summary, error, content_type;
  std::string payload;
};

// What a person wants to see; empty members match everything.
struct Filter {
  // Sender, or the agent that the subject addresses.
  std::string agent;
  std::string conversation;
  // The decoded payload names this intent.
  std::string intent;
};

// The payload by its type's name in the contract; null when the type is unknown, the payload is
// JSON, or does not parse.
std::unique_ptr<google::protobuf::Message> DecodePayload(const MessageView& view);

bool Matches(const Filter& filter, const MessageView& view);

// "13:14:15.123 mesh.agent.x.y  critic-supervisor  turn …1a2b3c4d  1998 ms  <summary>"; with
// `details` the payload as JSON below. `time`: as it is to be printed.
std::string FormatMessage(const MessageView& view, std::string_view time, bool details,
                          const Terminal& terminal);

// One JSON object on one line: headers and decoded payload.
std::string MessageJson(const MessageView& view, std::string_view time);

}  // namespace switchboard::cli
