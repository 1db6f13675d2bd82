// `switchboard eval attacks`: what the critic blocks of what it should, and of what it should not.
#include "cli/eval/attack_folds.h"
#include "cli/eval/cases.h"
#include "cli/eval/commands.h"
#include "cli/eval/measurement.h"
#include "cli/eval/shipped.h"
#include "cli/failure.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"

namespace switchboard::cli::eval {
namespace {

// ReviewRequest.text takes no more.
constexpr size_t kTextMax = 16384;
constexpr size_t kErrorsMax = 200;

absl::StatusOr<v1::ReviewRequest::Direction> DirectionNamed(const std::string& name) {
  v1::ReviewRequest::Direction direction{};
  if (!v1::ReviewRequest::Direction_Parse(AsciiStrToUpper(name), &direction)) {
    return UsageError(StrCat("--direction ", name, " is not one of input, output, retrieved"));
  }
  return direction;
}

absl::Status RunFolds(const Arguments& arguments, const std::vector<Case>& cases,
                      v1::ReviewRequest::Direction direction, Terminal& terminal) {
  if (direction != v1::ReviewRequest::RETRIEVED) {
    return UsageError("--folds measures the model of foreign text: --direction retrieved");
  }
  ASSIGN_OR_RETURN(const int folds, arguments.Int("folds", 2, 20));
  std::vector<bool> attacks;
  for (const Case& one : cases) {
    ASSIGN_OR_RETURN(const bool attack, IsPositive(one.label));
    attacks.push_back(attack);
  }
  Measurement measurement;
  RETURN_IF_ERROR(CrossValidateForeignText(cases, attacks, folds, measurement));
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

absl::Status RunAttacks(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<Case> cases, ReadCases(arguments.positionals()));
  ASSIGN_OR_RETURN(const v1::ReviewRequest::Direction direction,
                   DirectionNamed(arguments.Get("direction")));
  const bool list_errors = arguments.Has("errors");
  if (arguments.Has("folds")) return RunFolds(arguments, cases, direction, terminal);
  ASSIGN_OR_RETURN(const critic::Critic critic, MakeCritic());
  Measurement measurement;
  std::vector<Verdict> verdicts;
  size_t listed = 0;
  for (const Case& one : cases) {
    ASSIGN_OR_RETURN(const bool attack,
                     IsPositive(arguments.Has("all") ? arguments.Get("all") : one.label));
    v1::ReviewRequest request;
    request.set_direction(direction);
    request.set_text(Truncate(one.text, kTextMax));
    request.set_language(one.language);
    const critic::Review review = measurement.Timed([&] { return critic.Examine(request); });
    const bool blocked = review.verdict == v1::ReviewReply::BLOCK;
    verdicts.push_back({attack, blocked});
    if (list_errors && attack != blocked && listed++ < kErrorsMax) {
      measurement.Note(StrCat(blocked ? "blocked by " : "passed", review.rule, ": ", one.text));
    }
  }
  measurement.Add(BinaryMetrics(verdicts));
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

}  // namespace

Command AttacksCommand() {
  return {.name = "eval attacks",
          .positionals = "<file.jsonl>…",
          .about = "Measures what the critic blocks: texts with label 1 (attack) or 0 (benign).",
          .positionals_min = 1,
          .positionals_max = 64,
          .flags = {{"all", "label", "Label of every text: attack or benign."},
                    {"direction", "name", "Where the texts come from: input, output or retrieved.",
                     "input"},
                    {"folds", "n", "Train on the other folds and our own data, measure on each."},
                    {"errors", "", "List the mistakes."},
                    {"json", "", "One JSON object."}},
          .run = RunAttacks};
}

}  // namespace switchboard::cli::eval
