#include "cli/message_view.h"

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "common/base/strings.h"
#include "common/base/text.h"
// Linked so that the generated pool knows every type of the contract.
#include "switchboard/v1/agents.pb.h"
#include "switchboard/v1/event.pb.h"
#include "switchboard/v1/switchboard.pb.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A record holds the state, the turn, its reply, its intents: four. More is no message of ours.
constexpr int kDepthMax = 6;
constexpr size_t kShortId = 8;

// UUIDv7 ids of one minute begin alike and end at random: the end tells them apart.
std::string ShortId(std::string_view id) {
  return std::string(id.size() > kShortId ? id.substr(id.size() - kShortId) : id);
}

// True for the decision of this very message: a field `intent`, or the first of its `intents`. What
// a conversation's history holds is not looked at.
bool NamesIntent(const Message& message, const std::string& intent, int depth) {
  if (depth > kDepthMax || message.GetTypeName() == "switchboard.v1.Exchange") return false;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (!field->is_repeated() && field->type() == FieldDescriptor::TYPE_STRING &&
        field->name() == "intent") {
      if (reflection.GetString(message, field) == intent) return true;
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (field->is_repeated()) {
      if (field->name() != "intents") continue;
      const Message& first = reflection.GetRepeatedMessage(message, field, 0);
      const FieldDescriptor* name = first.GetDescriptor()->FindFieldByName("name");
      if (name != nullptr && first.GetReflection()->GetString(first, name) == intent) return true;
    } else if (field->name() != "focus" &&
               NamesIntent(reflection.GetMessage(message, field), intent, depth + 1)) {
      return true;
    }
  }
  return false;
}

bool AddressesAgent(std::string_view subject, std::string_view agent) {
  return subject.rfind(StrCat("mesh.agent.", agent, "."), 0) == 0 ||
         subject == StrCat("mesh.dead.", agent);
}

bool IsJson(const MessageView& view) { return view.content_type == "application/json"; }

std::string Headline(const MessageView& view) {
  if (!view.error.empty()) return StrCat("error: ", PrintableLine(view.error));
  if (!view.summary.empty()) return PrintableLine(view.summary);
  const size_t dot = view.type.rfind('.');
  const std::string_view type = view.type;
  return StrCat(PrintableLine(dot == std::string::npos ? type : type.substr(dot + 1)), " ",
                view.payload.size(), " B");
}

}  // namespace

std::unique_ptr<Message> DecodePayload(const MessageView& view) {
  if (IsJson(view) || view.type.empty()) return nullptr;
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(view.type);
  if (descriptor == nullptr) return nullptr;
  std::unique_ptr<Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
  if (!message->ParseFromString(view.payload)) return nullptr;
  return message;
}

bool Matches(const Filter& filter, const MessageView& view) {
  if (!filter.agent.empty() && view.agent != filter.agent &&
      !AddressesAgent(view.subject, filter.agent)) {
    return false;
  }
  if (!filter.conversation.empty() && view.conversation != filter.conversation &&
      view.subject != StrCat("mesh.turn.completed.", filter.conversation)) {
    return false;
  }
  if (filter.intent.empty()) return true;
  const auto message = DecodePayload(view);
  return message != nullptr && NamesIntent(*message, filter.intent, 0);
}

std::string FormatMessage(const MessageView& view, std::string_view time, bool details,
                          const Terminal& terminal) {
  std::string out = StrCat(terminal.Paint(Colour::kDim, time), " ",
                           terminal.Paint(Colour::kCyan, PrintableLine(view.subject)));
  if (!view.agent.empty()) {
    StrAppend(&out, "  ", terminal.Paint(Colour::kGreen, PrintableLine(view.agent)));
  }
  if (!view.turn.empty()) StrAppend(&out, "  turn …", PrintableLine(ShortId(view.turn)));
  if (!view.deadline_ms.empty()) {
    StrAppend(&out, "  ", PrintableLine(view.deadline_ms), " ms left");
  }
  StrAppend(&out, "  ",
            view.error.empty() ? Headline(view) : terminal.Paint(Colour::kRed, Headline(view)),
            "\n");
  if (!details) return out;
  if (const auto message = DecodePayload(view)) {
    StrAppend(&out, Printable(ToJson(*message, JsonStyle::kIndented)));
  } else if (IsJson(view)) {
    StrAppend(&out, Printable(view.payload), "\n");
  } else {
    StrAppend(&out, "  (", view.payload.size(), " bytes that are no ",
              view.type.empty() ? "known type" : PrintableLine(view.type), ")\n");
  }
  return out;
}

std::string MessageJson(const MessageView& view, std::string_view time) {
  nlohmann::ordered_json object = {{"time", std::string(time)}, {"subject", view.subject}};
  const std::pair<const char*, const std::string*> headers[] = {
      {"type", &view.type},
      {"agent", &view.agent},
      {"turn", &view.turn},
      {"conversation", &view.conversation},
      {"deadline_ms", &view.deadline_ms},
      {"summary", &view.summary},
      {"error", &view.error}};
  for (const auto& [name, value] : headers) {
    if (!value->empty()) object[name] = *value;
  }
  if (const auto message = DecodePayload(view)) {
    object["payload"] = nlohmann::ordered_json::parse(ToJson(*message), nullptr, false);
  } else if (IsJson(view)) {
    object["payload"] = nlohmann::ordered_json::parse(view.payload, nullptr, false);
  } else {
    object["payload_bytes"] = view.payload.size();
  }
  if (object.contains("payload") && object["payload"].is_discarded()) object["payload"] = nullptr;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace switchboard::cli
