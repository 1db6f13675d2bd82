// `switchboard eval grounding`: whether the critic catches the sentences that no passage supports.
#include "cli/eval/cases.h"
#include "cli/eval/commands.h"
#include "cli/eval/measurement.h"
#include "cli/eval/shipped.h"
#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::cli::eval {
namespace {

constexpr size_t kErrorsMax = 200;

v1::ReviewRequest ToRequest(const nlohmann::json& object) {
  v1::ReviewRequest request;
  request.set_direction(v1::ReviewRequest::OUTPUT);
  request.set_text(Member(object, {"sentence", "text"}));
  request.set_language(Member(object, {"language"}));
  for (const nlohmann::json& passage : object.value("passages", nlohmann::json::array())) {
    if (!passage.is_object()) continue;
    v1::Passage& added = *request.add_passages();
    added.set_document_id(StrCat("passage-", request.passages_size()));
    added.set_title(Member(passage, {"title"}));
    added.set_text(Member(passage, {"text"}));
    added.set_language(Member(object, {"language"}));
  }
  return request;
}

absl::Status RunGrounding(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<nlohmann::json> objects, ReadObjects(arguments.positionals()));
  ASSIGN_OR_RETURN(const critic::Critic critic, MakeCritic());
  Measurement measurement;
  std::vector<Verdict> verdicts;
  size_t listed = 0;
  for (const nlohmann::json& object : objects) {
    ASSIGN_OR_RETURN(const bool supported, IsPositive(Member(object, {"supported"})));
    const v1::ReviewRequest request = ToRequest(object);
    const critic::Review review = measurement.Timed([&] { return critic.Examine(request); });
    const bool caught = review.verdict == v1::ReviewReply::BLOCK;
    verdicts.push_back({!supported, caught});
    if (arguments.Has("errors") && supported == caught && listed++ < kErrorsMax) {
      measurement.Note(StrCat(
          caught ? "caught, though supported: " : "passed, though unsupported: ", request.text(),
          "  ", review.reason));
    }
  }
  measurement.Add(BinaryMetrics(verdicts));
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

}  // namespace

Command GroundingCommand() {
  return {.name = "eval grounding",
          .positionals = "<file.jsonl>…",
          .about =
              "Measures which unsupported sentences the critic catches: lines with sentence, "
              "passages and supported.",
          .positionals_min = 1,
          .positionals_max = 64,
          .flags = {{"errors", "", "List the mistakes."}, {"json", "", "One JSON object."}},
          .run = RunGrounding};
}

}  // namespace switchboard::cli::eval
