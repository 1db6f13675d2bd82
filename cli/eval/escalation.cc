// `switchboard eval handoff` and `switchboard eval escalation`: single messages that ask for a
// person, and whole conversations that need one.
#include <algorithm>
#include <iterator>
#include <numeric>
#include <random>

#include "cli/eval/cases.h"
#include "cli/eval/commands.h"
#include "cli/eval/measurement.h"
#include "cli/eval/shipped.h"
#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "services/escalation/training/recipe.h"

namespace switchboard::cli::eval {
namespace {

// The contract's bound: AssessRequest.text.
constexpr size_t kTextMax = 4096;
constexpr size_t kErrorsMax = 200;

const std::string kHumanRequested = "human_requested";

// Shuffled, dealt onto the folds in turn, each half of the truth for itself.
std::vector<int> DealFolds(const std::vector<bool>& wanted, int folds) {
  std::vector<size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937 random(1);
  std::shuffle(order.begin(), order.end(), random);
  int next[2] = {0, 0};
  std::vector<int> fold(wanted.size());
  for (const size_t index : order) fold[index] = next[wanted[index] ? 1 : 0]++ % folds;
  return fold;
}

struct Mistakes {
  bool listed;
  size_t count = 0;
  void Note(const std::string& text, Measurement& measurement) {
    if (listed && count++ < kErrorsMax) measurement.Note(text);
  }
};

absl::Status Hear(const escalation::AssessHandler& assess, const Case& one, bool wanted,
                  Mistakes& mistakes, Measurement& measurement, std::vector<Verdict>& verdicts) {
  v1::AssessRequest request;
  request.set_text(Truncate(one.text, kTextMax));
  request.set_language(one.language);
  const absl::StatusOr<v1::AssessReply> reply =
      measurement.Timed([&] { return assess(runtime::Context(), request); });
  if (!reply.ok()) return reply.status();
  const auto& reasons = reply->reasons();
  const bool found = std::find(reasons.begin(), reasons.end(), kHumanRequested) != reasons.end();
  verdicts.push_back({wanted, found});
  if (wanted != found) {
    mistakes.Note(StrCat(found ? "not wanted: " : "missed: ", one.text), measurement);
  }
  return absl::OkStatus();
}

absl::Status RunHandoff(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<Case> cases, ReadCases(arguments.positionals()));
  std::vector<bool> wanted;
  for (const Case& one : cases) {
    ASSIGN_OR_RETURN(const bool positive, IsPositive(one.label));
    wanted.push_back(positive);
  }
  Measurement measurement;
  std::vector<Verdict> verdicts;
  Mistakes mistakes{arguments.Has("errors")};
  if (arguments.Has("folds")) {
    ASSIGN_OR_RETURN(const int folds, arguments.Int("folds", 2, 20));
    const std::vector<int> fold = DealFolds(wanted, folds);
    for (int held_out = 0; held_out < folds; ++held_out) {
      ASSIGN_OR_RETURN(escalation::Recipe recipe,
                       escalation::Recipe::Read(SWITCHBOARD_ESCALATION_DATA,
                                                SWITCHBOARD_INTENT_DATA "/data/train.jsonl"));
      std::vector<learning::Example> examples;
      for (size_t i = 0; i < cases.size(); ++i) {
        if (fold[i] == held_out) continue;
        examples.push_back({cases[i].text, wanted[i] ? "HANDOFF" : "NONE", cases[i].language});
      }
      recipe.Add(std::move(examples));
      ASSIGN_OR_RETURN(const std::string model, recipe.Train());
      ASSIGN_OR_RETURN(const escalation::AssessHandler assess, MakeAssessor(model));
      for (size_t i = 0; i < cases.size(); ++i) {
        if (fold[i] != held_out) continue;
        RETURN_IF_ERROR(Hear(assess, cases[i], wanted[i], mistakes, measurement, verdicts));
      }
    }
  } else {
    ASSIGN_OR_RETURN(const escalation::AssessHandler assess, MakeAssessor());
    for (size_t i = 0; i < cases.size(); ++i) {
      RETURN_IF_ERROR(Hear(assess, cases[i], wanted[i], mistakes, measurement, verdicts));
    }
  }
  measurement.Add(BinaryMetrics(verdicts));
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

absl::Status Judge(const escalation::AssessHandler& assess,
                   const escalation::Conversation& conversation, Mistakes& mistakes,
                   Measurement& measurement, std::vector<Verdict>& verdicts) {
  const absl::StatusOr<v1::AssessReply> reply =
      measurement.Timed([&] { return assess(runtime::Context(), conversation.request); });
  if (!reply.ok()) return reply.status();
  const bool wanted = conversation.escalate;
  verdicts.push_back({wanted, reply->escalate()});
  if (wanted != reply->escalate()) {
    mistakes.Note(StrCat(wanted ? "missed (" : "not wanted (",
                         wanted ? conversation.reason : StrJoin(reply->reasons(), " "),
                         "): ", conversation.request.text()),
                  measurement);
  }
  return absl::OkStatus();
}

absl::Status RunEscalation(const Arguments& arguments, Terminal& terminal) {
  std::vector<escalation::Conversation> conversations;
  for (const std::string& path : arguments.positionals()) {
    ASSIGN_OR_RETURN(const std::string lines, ReadFile(path));
    ASSIGN_OR_RETURN(std::vector<escalation::Conversation> read,
                     escalation::ParseConversations(lines));
    std::move(read.begin(), read.end(), std::back_inserter(conversations));
  }
  Measurement measurement;
  std::vector<Verdict> verdicts;
  Mistakes mistakes{arguments.Has("errors")};
  if (arguments.Has("folds")) {
    ASSIGN_OR_RETURN(const int folds, arguments.Int("folds", 2, 20));
    std::vector<bool> wanted;
    for (const escalation::Conversation& one : conversations) wanted.push_back(one.escalate);
    const std::vector<int> fold = DealFolds(wanted, folds);
    for (int held_out = 0; held_out < folds; ++held_out) {
      ASSIGN_OR_RETURN(escalation::Recipe recipe,
                       escalation::Recipe::Read(SWITCHBOARD_ESCALATION_DATA,
                                                SWITCHBOARD_INTENT_DATA "/data/train.jsonl"));
      // The files measured may be the recipe's own.
      recipe.DropConversations();
      std::vector<escalation::Conversation> training;
      for (size_t i = 0; i < conversations.size(); ++i) {
        if (fold[i] != held_out) training.push_back(conversations[i]);
      }
      recipe.Add(std::move(training));
      ASSIGN_OR_RETURN(const std::string model, recipe.Train());
      ASSIGN_OR_RETURN(const escalation::AssessHandler assess, MakeAssessor(model));
      for (size_t i = 0; i < conversations.size(); ++i) {
        if (fold[i] != held_out) continue;
        RETURN_IF_ERROR(Judge(assess, conversations[i], mistakes, measurement, verdicts));
      }
    }
  } else {
    ASSIGN_OR_RETURN(const escalation::AssessHandler assess, MakeAssessor());
    for (const escalation::Conversation& one : conversations) {
      RETURN_IF_ERROR(Judge(assess, one, mistakes, measurement, verdicts));
    }
  }
  measurement.Add(BinaryMetrics(verdicts));
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

std::vector<Flag> Flags() {
  return {{"folds", "n", "Cross-validate: train the recipe on the other folds too."},
          {"errors", "", "List the mistakes."},
          {"json", "", "One JSON object."}};
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
