#include "cli/kb/search.h"

#include <map>

#include "absl/strings/str_format.h"
#include "cli/json.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "common/runtime/caller.h"

namespace switchboard::cli::kb {
namespace {

constexpr size_t kTextMax = 240;

Awaitable<absl::Status> Search(bus::Connection* connection, v1::SearchRequest request, bool as_json,
                               Terminal* terminal) {
  runtime::Context context;
  context.deadline = Deadline::After(kAnswerWithin);
  runtime::Caller caller(*connection, "switchboard-cli");
  absl::StatusOr<v1::SearchReply> reply = co_await caller.Call<v1::SearchReply>(
      runtime::AgentSubject("knowledge-retrieval", "search"), context, request);
  if (!reply.ok()) co_return reply.status();
  terminal->out << (as_json ? StrCat(ToJson(*reply), "\n") : FormatSearch(*reply, *terminal));
  co_return absl::OkStatus();
}

absl::Status RunSearch(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const int top_k, arguments.Int("top-k", 1, 50));
  v1::SearchRequest request;
  request.set_query(arguments.positionals()[0]);
  request.set_top_k(static_cast<uint32_t>(top_k));
  request.set_language(arguments.Get("language"));
  if (arguments.Has("customer")) request.mutable_customer()->set_id(arguments.Get("customer"));
  const bool as_json = arguments.Has("json");
  return WithBus(arguments, [request, as_json, &terminal](bus::Connection& connection) {
    return Search(&connection, request, as_json, &terminal);
  });
}

}  // namespace

std::string FormatSearch(const v1::SearchReply& reply, const Terminal& terminal) {
  std::string out;
  int rank = 0;
  for (const v1::Passage& passage : reply.passages()) {
    StrAppend(&out, ++rank, "  ",
              terminal.Paint(Colour::kCyan, PrintableLine(passage.document_id())), "  ",
              PrintableLine(passage.title()),
              passage.section().empty() ? "" : StrCat(" › ", PrintableLine(passage.section())),
              absl::StrFormat("  (%.3g)", passage.score()), "\n   ",
              Truncate(PrintableLine(passage.text()), kTextMax), "\n");
  }
  for (const v1::Record& record : reply.records()) {
    StrAppend(&out, terminal.Paint(Colour::kYellow, StrCat(record.kind(), ":", record.id())), "  ",
              v1::Record::Access_Name(record.access()), "\n");
    const std::map<std::string, std::string> sorted(record.fields().begin(), record.fields().end());
    for (const auto& [name, value] : sorted) {
      StrAppend(&out, "   ", PrintableLine(name), ": ", PrintableLine(value), "\n");
    }
  }
  if (out.empty()) out = "nothing found\n";
  if (!reply.rewritten_query().empty()) {
    StrAppend(
        &out,
        terminal.Paint(Colour::kDim, StrCat("searched: ", PrintableLine(reply.rewritten_query()))),
        "\n");
  }
  return out;
}

Command SearchCommand() {
  return {.name = "kb search",
          .positionals = "\"<query>\"",
          .about = "Shows what the mesh would find for a query.",
          .positionals_min = 1,
          .positionals_max = 1,
          .flags = {{"language", "tag", "Language to prefer (BCP 47)."},
                    {"top-k", "n", "Passages wanted, 1 to 50.", "5"},
                    {"customer", "id", "Whose records may be shown."},
                    JsonFlag(),
                    NatsUrlFlag()},
          .run = RunSearch};
}

}  // namespace switchboard::cli::kb
