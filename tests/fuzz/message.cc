// The bus: what a message says about itself to those who receive it. The first line is the subject,
// the second the reply subject, then headers as "Name: value" up to an empty line, then the
// payload.
#include <nats/nats.h>

#include <sstream>

#include "cli/message_view.h"
#include "cli/service_table.h"
#include "common/base/text.h"
#include "common/bus/jetstream_api.h"
#include "common/runtime/context.h"
#include "gateway/agent_directory.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard {
namespace {

bus::Message MakeMessage(std::string_view input) {
  // nats.c takes C strings.
  const std::string subject(fuzz::TakeLine(&input));
  const std::string reply(fuzz::TakeLine(&input));
  std::vector<std::pair<std::string, std::string>> headers;
  while (!input.empty()) {
    const std::string_view line = fuzz::TakeLine(&input);
    if (line.empty()) break;
    const size_t colon = std::min(line.find(':'), line.size());
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(" ")) value.remove_prefix(1);
    headers.emplace_back(line.substr(0, colon), value);
  }
  natsMsg* message = nullptr;
  const char* payload = input.empty() ? "" : input.data();
  if (natsMsg_Create(&message, subject.c_str(), reply.empty() ? nullptr : reply.c_str(), payload,
                     static_cast<int>(input.size())) != NATS_OK) {
    return {};
  }
  for (const auto& [name, value] : headers) {
    if (name.c_str()[0] != '\0') (void)natsMsgHeader_Add(message, name.c_str(), value.c_str());
  }
  return bus::Message(message);
}

void ReadContext(const bus::Message& message) {
  const runtime::Context context = runtime::Context::FromMessage(message);
  FUZZ_DEMAND(context.deadline.Remaining() <= runtime::kDeadlineMax);
  FUZZ_DEMAND(trace::Parse(context.trace.traceparent()).has_value());
  const bus::Headers headers = runtime::RequestHeaders(context, "switchboard.v1.T", "fuzz");
  FUZZ_DEMAND(headers.size() >= 4 && headers.size() <= 6);
  (void)message.stream_sequence();
  (void)message.delivery_count();
  FUZZ_DEMAND(message.AllHeaders().size() <= 4096);
}

void ShowMessage(const bus::Message& message) {
  cli::MessageView view;
  view.subject = message.subject();
  view.type = message.Header(runtime::kHeaderType);
  view.turn = message.Header(runtime::kHeaderTurn);
  view.conversation = message.Header(runtime::kHeaderConversation);
  view.agent = message.Header(runtime::kHeaderAgent);
  view.deadline_ms = message.Header(runtime::kHeaderDeadline);
  view.summary = message.Header(runtime::kHeaderSummary);
  view.error = message.Header(runtime::kHeaderError);
  view.content_type = message.Header(runtime::kHeaderContentType);
  view.payload = message.payload();
  std::ostringstream nowhere;
  const cli::Terminal terminal{nowhere, nowhere};
  (void)cli::Matches({.agent = "escalation", .conversation = "c", .intent = "ORDER_STATUS"}, view);
  (void)cli::Matches({.intent = "ORDER_STATUS"}, view);
  const std::string line = cli::FormatMessage(view, "13:14:15.123", true, terminal);
  // No message may steer the operator's terminal.
  FUZZ_DEMAND(line.find('\x1b') == std::string::npos);
  const std::string json = cli::MessageJson(view, "13:14:15.123");
  FUZZ_DEMAND(IsValidUtf8(json) && json.find('\n') == std::string::npos);
}

// Replies of services, and of JetStream's API.
void ReadReply(std::string_view payload) {
  const std::vector<std::string> replies = {std::string(payload)};
  const auto services = cli::JoinServices(replies, replies);
  (void)cli::FormatServices(services, 1795190400);
  (void)cli::FormatInstances(services, 1795190400);
  (void)cli::ServicesJson(services).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto reply = nlohmann::json::parse(payload, nullptr, false);
  int code = 0;
  if (reply.is_object()) (void)bus::ApiError(reply, &code);
}

}  // namespace
}  // namespace switchboard

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As a connection does; without it nats.c cannot free a message.
  static const natsStatus opened = nats_Open(-1);
  FUZZ_DEMAND(opened == NATS_OK);
  const switchboard::bus::Message message =
      switchboard::MakeMessage(switchboard::fuzz::Text(data, size));
  if (message.get() == nullptr) return 0;
  switchboard::ReadContext(message);
  switchboard::ShowMessage(message);
  switchboard::ReadReply(message.payload());
  return 0;
}
