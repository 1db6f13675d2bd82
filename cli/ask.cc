#include "cli/ask.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "cli/answer.h"
#include "cli/event_stream.h"
#include "cli/failure.h"
#include "cli/gateway_client.h"
#include "cli/session.h"
#include "cli/table.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

using nlohmann::json;

std::string Body(const Arguments& arguments) {
  json body = {{"text", arguments.positionals()[0]}};
  const std::pair<const char*, const char*> optional[] = {{"conversation", "conversation_id"},
                                                          {"language", "language"},
                                                          {"customer", "customer_id"},
                                                          {"channel", "channel"}};
  for (const auto& [flag, field] : optional) {
    if (arguments.Has(flag)) body[field] = arguments.Get(flag);
  }
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Shows a streamed turn as it happens and keeps its end.
class StreamView {
 public:
  StreamView(Terminal& terminal, bool as_json) : terminal_(terminal), as_json_(as_json) {}

  void Show(const StreamEvent& event) {
    if (as_json_) {
      terminal_.out << event.data << "\n" << std::flush;
    }
    json data = json::parse(event.data, nullptr, false);
    if (!data.is_object()) return;
    // Either the event's own fields, or a StreamReply or TurnEvent around them.
    if (data.contains("event") && data["event"].is_object()) data = json(data["event"]);
    ShowItem(event.event, data);
    terminal_.out << std::flush;
  }

  bool sentences_shown() const { return sentences_ > 0; }
  const std::optional<std::string>& final_json() const { return final_; }
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  void ShowItem(const std::string& name, const json& data) {
    const auto member = [&](const char* key) {
      return data.contains(key) && data[key].is_object() ? data[key] : data;
    };
    if (name == "error") {
      problem_ = data.dump();
    } else if (name == "final" || data.contains("final") || data.contains("reply")) {
      final_ = member("final").dump();
    } else if (as_json_) {
      return;
    } else if (name == "sentence" || data.contains("sentence")) {
      const json sentence = member("sentence");
      terminal_.out << (sentences_++ > 0 ? " " : "") << Printable(sentence.value("text", ""));
    } else if (name == "restart" || data.contains("restart")) {
      sentences_ = 0;
      terminal_.out << "\n" << terminal_.Paint(Colour::kYellow, "(reworded)") << "\n";
    } else if (name == "progress" || data.contains("progress")) {
      const json progress = member("progress");
      if (sentences_ > 0) return;
      terminal_.out << terminal_.Paint(
                           Colour::kDim,
                           PrintableLine(StrCat("  ", progress.value("agent", ""), " ",
                                                progress.value("step", ""), " ",
                                                HumanMs(progress.value("duration_ms", 0.0)), " ",
                                                progress.value("outcome", ""))))
                    << "\n";
    }
  }

  Terminal& terminal_;
  const bool as_json_;
  int sentences_ = 0;
  std::optional<std::string> final_, problem_;
};

absl::Status Finish(const std::string& reply_json, bool with_text, Terminal& terminal) {
  ASSIGN_OR_RETURN(const v1::TurnReply reply, ParseTurnReply(reply_json));
  terminal.out << FormatAnswer(reply, with_text, terminal);
  terminal.out << "go on with: switchboard ask --conversation " << reply.conversation_id()
               << " \"…\"\n";
  return absl::OkStatus();
}

absl::Status AskStreaming(const GatewayUrl& url, const Arguments& arguments, Terminal& terminal) {
  const bool as_json = arguments.Has("json");
  StreamView view(terminal, as_json);
  EventStream events;
  GatewayRequest request{.method = "POST", .target = "/v1/stream", .body = Body(arguments)};
  request.on_events = [&](std::string_view text) {
    for (const StreamEvent& event : events.Feed(text)) view.Show(event);
  };
  ASSIGN_OR_RETURN(const GatewayReply reply, CallGateway(url, std::move(request)));
  RETURN_IF_ERROR(ToStatus(reply));
  if (view.problem()) {
    return ToStatus({.status = 500, .content_type = "", .body = *view.problem()});
  }
  if (!view.final_json()) {
    return WithRemedy(absl::UnavailableError("the stream ended without a final answer"),
                      "ask again, or see the gateway's log");
  }
  if (as_json) return absl::OkStatus();
  if (view.sentences_shown()) terminal.out << "\n";
  return Finish(*view.final_json(), !view.sentences_shown(), terminal);
}

absl::Status Ask(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const GatewayUrl url, ParseGatewayUrl(arguments.Get("gateway-url")));
  if (arguments.Has("stream")) return AskStreaming(url, arguments, terminal);
  ASSIGN_OR_RETURN(
      const GatewayReply reply,
      CallGateway(url, {.method = "POST", .target = "/v1/invoke", .body = Body(arguments)}));
  RETURN_IF_ERROR(ToStatus(reply));
  if (arguments.Has("json")) {
    terminal.out << reply.body << "\n";
    return absl::OkStatus();
  }
  return Finish(reply.body, /*with_text=*/true, terminal);
}

}  // namespace

Command AskCommand() {
  return {
      .name = "ask",
      .positionals = "\"<question>\"",
      .about = "Asks the mesh a question and shows the answer, its sources and its path.",
      .positionals_min = 1,
      .positionals_max = 1,
      .flags = {{"conversation", "id", "Goes on with a conversation."},
                {"language", "tag", "Language of the answer (BCP 47); else that of the question."},
                {"customer", "id", "Verified customer a new conversation belongs to."},
                {"channel", "name", "Where the customer writes from.", "cli"},
                {"stream", "", "Shows progress and sentences as they come."},
                JsonFlag(),
                GatewayUrlFlag()},
      .run = Ask};
}

}  // namespace switchboard::cli
