#include "cli/answer.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_format.h"
#include "cli/table.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::cli {
namespace {

// A quote is a sentence or two; longer ones are cut on the screen, not in --json.
constexpr size_t kQuoteMax = 160;

std::string Sources(const v1::TurnReply& reply, const Terminal& terminal) {
  if (reply.citations().empty()) return "";
  std::string out = StrCat("\n", terminal.Paint(Colour::kDim, "sources"), "\n");
  for (const v1::Citation& citation : reply.citations()) {
    StrAppend(&out, "  ", terminal.Paint(Colour::kCyan, PrintableLine(citation.document_id())));
    if (!citation.title().empty()) StrAppend(&out, "  ", PrintableLine(citation.title()));
    if (!citation.quote().empty()) {
      StrAppend(&out, "\n    \"", Truncate(PrintableLine(citation.quote()), kQuoteMax), "\"");
    }
    StrAppend(&out, "\n");
  }
  return out;
}

std::string Outcome(const v1::TurnReply& reply, const Terminal& terminal) {
  std::string out = StrCat("\n", reply.intent().empty() ? "(no intent)" : reply.intent());
  if (reply.confidence() > 0) out += absl::StrFormat(" %.2f", reply.confidence());
  StrAppend(&out, "  ", reply.language(), "  ", HumanMs(reply.duration_ms()), "\n");
  if (reply.blocked()) {
    StrAppend(&out, terminal.Paint(Colour::kRed, "blocked"), " by policy ", reply.policy(), "\n");
  }
  if (reply.escalated()) {
    StrAppend(&out, terminal.Paint(Colour::kYellow, "escalated"), " to ", reply.escalation().team(),
              ", priority ", reply.escalation().priority(), ": ",
              StrJoin(reply.escalation().reasons(), ", "), " (switchboard ticket ",
              reply.escalation().ticket_id(), ")\n");
  }
  if (!reply.answered() && !reply.blocked()) {
    StrAppend(&out, terminal.Paint(Colour::kYellow, "not answered"),
              ": nothing supports an answer\n");
  }
  if (!reply.degraded().empty()) {
    StrAppend(&out, terminal.Paint(Colour::kYellow, "degraded"), ": without ",
              StrJoin(reply.degraded(), ", "), "\n");
  }
  return out;
}

std::string Path(const v1::TurnReply& reply) {
  Table table({"agent", "time", "outcome"}, {Table::kLeft, Table::kRight, Table::kLeft});
  for (const v1::AgentTiming& agent : reply.agents()) {
    table.Add({agent.name(), HumanMs(agent.duration_ms()), agent.outcome()});
  }
  return table.empty() ? "" : StrCat("\n", table.Text());
}

}  // namespace

absl::StatusOr<v1::TurnReply> ParseTurnReply(std::string_view json) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::TurnReply reply;
  const auto status =
      google::protobuf::util::JsonStringToMessage(std::string(json), &reply, options);
  if (!status.ok()) {
    return absl::UnavailableError(
        StrCat("the gateway's answer is not understood: ", std::string(status.message())));
  }
  return reply;
}

std::string FormatAnswer(const v1::TurnReply& reply, bool with_text, const Terminal& terminal) {
  std::string out;
  if (with_text) {
    StrAppend(&out, terminal.Paint(Colour::kBold, Printable(reply.reply())), "\n");
  }
  StrAppend(&out, Sources(reply, terminal), Outcome(reply, terminal), Path(reply),
            "\nconversation ", reply.conversation_id(), "\n");
  return out;
}

}  // namespace switchboard::cli
