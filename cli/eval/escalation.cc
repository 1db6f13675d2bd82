// `switchboard eval handoff` and `switchboard eval escalation`: single messages that ask for a
// person, and whole conversations that need one.
#include <algorithm>

#include "cli/eval/cases.h"
#include "cli/eval/commands.h"
#include "cli/eval/measurement.h"
#include "cli/eval/shipped.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::cli::eval {
namespace {

// The contract's bounds: AssessRequest.text, Exchange.text, AssessRequest.history.
constexpr size_t kTextMax = 4096;
constexpr size_t kExchangeTextMax = 1024;
constexpr int kHistoryMax = 10;
constexpr size_t kErrorsMax = 200;

const std::string kHumanRequested = "human_requested";

absl::Status RunHandoff(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<Case> cases, ReadCases(arguments.positionals()));
  ASSIGN_OR_RETURN(const escalation::AssessHandler assess, MakeAssessor());
  Measurement measurement;
  std::vector<Verdict> verdicts;
  size_t listed = 0;
  for (const Case& one : cases) {
    ASSIGN_OR_RETURN(const bool wanted, IsPositive(one.label));
    v1::AssessRequest request;
    request.set_text(Truncate(one.text, kTextMax));
    request.set_language(one.language);
    const absl::StatusOr<v1::AssessReply> reply =
        measurement.Timed([&] { return assess(runtime::Context(), request); });
    if (!reply.ok()) return reply.status();
    const auto& reasons = reply->reasons();
    const bool found = std::find(reasons.begin(), reasons.end(), kHumanRequested) != reasons.end();
    verdicts.push_back({wanted, found});
    if (arguments.Has("errors") && wanted != found && listed++ < kErrorsMax) {
      measurement.Note(StrCat(found ? "not wanted: " : "missed: ", one.text));
    }
  }
  measurement.Add(BinaryMetrics(verdicts));
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

// The last message is the one to assess; each customer's message before it is an exchange with the
// assistant's words after it.
v1::AssessRequest ToRequest(const nlohmann::json& object) {
  v1::AssessRequest request;
  request.set_language(Member(object, {"language"}));
  std::vector<v1::Exchange> exchanges;
  for (const nlohmann::json& message : object.value("messages", nlohmann::json::array())) {
    const std::string text = Member(message, {"text", "content"});
    if (Member(message, {"role"}) == "assistant") {
      if (!exchanges.empty()) exchanges.back().set_reply(Truncate(text, kExchangeTextMax));
      continue;
    }
    exchanges.emplace_back().set_text(Truncate(text, kTextMax));
    exchanges.back().set_answered(true);
  }
  if (exchanges.empty()) return request;
  request.set_text(exchanges.back().text());
  exchanges.pop_back();
  request.set_turn_count(static_cast<uint32_t>(exchanges.size()));
  const size_t skip = exchanges.size() - std::min<size_t>(exchanges.size(), kHistoryMax);
  for (size_t i = skip; i < exchanges.size(); ++i) {
    exchanges[i].set_text(Truncate(exchanges[i].text(), kExchangeTextMax));
    *request.add_history() = exchanges[i];
  }
  return request;
}

absl::Status RunEscalation(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<nlohmann::json> objects, ReadObjects(arguments.positionals()));
  ASSIGN_OR_RETURN(const escalation::AssessHandler assess, MakeAssessor());
  Measurement measurement;
  std::vector<Verdict> verdicts;
  size_t listed = 0;
  for (const nlohmann::json& object : objects) {
    ASSIGN_OR_RETURN(const bool wanted, IsPositive(Member(object, {"escalate"})));
    const v1::AssessRequest request = ToRequest(object);
    if (request.text().empty()) {
      return absl::InvalidArgumentError(
          StrCat("conversation ", Member(object, {"id"}), " has no customer message"));
    }
    const absl::StatusOr<v1::AssessReply> reply =
        measurement.Timed([&] { return assess(runtime::Context(), request); });
    if (!reply.ok()) return reply.status();
    verdicts.push_back({wanted, reply->escalate()});
    if (arguments.Has("errors") && wanted != reply->escalate() && listed++ < kErrorsMax) {
      measurement.Note(StrCat(wanted ? "missed (" : "not wanted (",
                              wanted ? Member(object, {"reason"}) : StrJoin(reply->reasons(), " "),
                              ") ", Member(object, {"id"}), ": ", request.text()));
    }
  }
  measurement.Add(BinaryMetrics(verdicts));
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

std::vector<Flag> Flags() {
  return {{"errors", "", "List the mistakes."}, {"json", "", "One JSON object."}};
}

}  // namespace

Command HandoffCommand() {
  return {.name = "eval handoff",
          .positionals = "<file.jsonl>…",
          .about = "Measures how well requests for a person are heard: texts with label 1 or 0.",
          .positionals_min = 1,
          .positionals_max = 64,
          .flags = Flags(),
          .run = RunHandoff};
}

Command EscalationCommand() {
  return {.name = "eval escalation",
          .positionals = "<file.jsonl>…",
          .about =
              "Measures which conversations are given to a person: lines with messages (role, "
              "text) and escalate.",
          .positionals_min = 1,
          .positionals_max = 64,
          .flags = Flags(),
          .run = RunEscalation};
}

}  // namespace switchboard::cli::eval
