#include "cli/conversation.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_format.h"
#include "cli/gateway_client.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli {
namespace {

using google::protobuf::util::TimeUtil;

// The gateway's largest page (the contract's GetConversationRequest.page_size).
constexpr int kPageSize = 200;

absl::StatusOr<v1::ConversationView> ParseView(const std::string& json) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::ConversationView view;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &view, options);
  if (status.ok()) return view;
  return absl::UnavailableError(
      StrCat("the gateway's answer is not understood: ", std::string(status.message())));
}

absl::Status Run(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const GatewayUrl url, ParseGatewayUrl(arguments.Get("gateway-url")));
  const bool as_json = arguments.Has("json");
  std::string token;
  bool first = true;
  do {
    const std::string target =
        StrCat("/v1/conversations/", PercentEncode(arguments.positionals()[0]),
               "?page_size=", kPageSize, token.empty() ? "" : "&page_token=", PercentEncode(token));
    ASSIGN_OR_RETURN(const GatewayReply reply, CallGateway(url, {.target = target}));
    RETURN_IF_ERROR(ToStatus(reply));
    ASSIGN_OR_RETURN(const v1::ConversationView view, ParseView(reply.body));
    if (as_json) {
      terminal.out << reply.body << "\n";
    } else {
      if (first) terminal.out << FormatHead(view, terminal);
      terminal.out << FormatTurns(view, terminal);
    }
    first = false;
    if (view.next_page_token() == token) break;  // a page that leads to itself would never end
    token = view.next_page_token();
  } while (!token.empty());
  return absl::OkStatus();
}

}  // namespace

std::string FormatHead(const v1::ConversationView& view, const Terminal& terminal) {
  std::string out =
      StrCat(terminal.Paint(Colour::kBold, StrCat("conversation ", view.conversation_id())), "\n",
             AsciiStrToLower(v1::Conversation::Status_Name(view.status())), ", ", view.turn_count(),
             " turns, ", view.channel(), ", ", view.language());
  if (!view.customer_id().empty()) StrAppend(&out, ", customer ", view.customer_id());
  if (view.has_created_at()) StrAppend(&out, ", since ", TimeUtil::ToString(view.created_at()));
  return StrCat(out, "\n");
}

std::string FormatTurns(const v1::ConversationView& view, const Terminal& terminal) {
  std::string out;
  for (const v1::TurnView& turn : view.turns()) {
    std::string note = turn.intent().empty() ? "(no intent)" : turn.intent();
    if (turn.confidence() > 0) note += absl::StrFormat(" %.2f", turn.confidence());
    if (turn.escalated()) note += ", escalated";
    if (turn.blocked()) note += ", blocked";
    std::vector<std::string> sources;
    for (const v1::Citation& citation : turn.citations()) sources.push_back(citation.document_id());
    if (!sources.empty()) StrAppend(&note, "; ", StrJoin(sources, ", "));
    StrAppend(&out, "\n",
              terminal.Paint(Colour::kDim,
                             PrintableLine(StrCat(
                                 turn.has_at() ? TimeUtil::ToString(turn.at()) : "", "  ", note))),
              "\n", terminal.Paint(Colour::kCyan, "customer"), "  ", Printable(turn.text()), "\n",
              terminal.Paint(Colour::kGreen, "mesh"), "      ", Printable(turn.reply()), "\n");
  }
  return out;
}

Command ConversationCommand() {
  return {.name = "conversation",
          .positionals = "<id>",
          .about = "Prints what was said in a conversation.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {JsonFlag(), GatewayUrlFlag()},
          .run = Run};
}

}  // namespace switchboard::cli
