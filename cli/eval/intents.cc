// `switchboard eval intents`: the classifier on labelled messages, with the shipped model, another
// one, or models trained on the spot.
#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "absl/strings/str_format.h"
#include "cli/eval/cases.h"
#include "cli/eval/commands.h"
#include "cli/eval/measurement.h"
#include "cli/eval/shipped.h"
#include "cli/failure.h"
#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "common/learning/calibration.h"
#include "common/learning/trainer.h"

namespace switchboard::cli::eval {
namespace {

// ClassifyRequest.text takes no more.
constexpr size_t kTextMax = 4096;
// Of those that --errors lists.
constexpr size_t kErrorsMax = 200;

struct Tally {
  size_t right = 0, all = 0;
  void Count(bool is_right) {
    ++all;
    right += is_right;
  }
};

struct Outcome {
  Tally all, in_scope, out_of_scope, false_out_of_scope;
  std::map<std::string, Tally> languages;
  std::vector<std::pair<double, bool>> decisions;  // confidence, right
};

absl::Status Classify(const intent_classifier::Handler& handler, const std::vector<Case>& cases,
                      const std::vector<size_t>& members, bool list_errors, Outcome& outcome,
                      Measurement& measurement) {
  size_t listed = 0;
  for (const size_t member : members) {
    const Case& one = cases[member];
    v1::ClassifyRequest request;
    request.set_text(Truncate(one.text, kTextMax));
    const absl::StatusOr<v1::ClassifyReply> reply =
        measurement.Timed([&] { return handler(runtime::Context(), request); });
    if (!reply.ok()) return reply.status();
    const v1::Intent& decision = reply->intents(0);
    const bool right = decision.name() == one.label;
    const bool outside = one.label == learning::kOutOfScope;
    outcome.all.Count(right);
    (outside ? outcome.out_of_scope : outcome.in_scope).Count(right);
    if (!outside) outcome.false_out_of_scope.Count(decision.name() == learning::kOutOfScope);
    if (!one.language.empty()) outcome.languages[one.language].Count(right);
    outcome.decisions.emplace_back(decision.confidence(), right);
    if (!right && list_errors && listed++ < kErrorsMax) {
      measurement.Note(absl::StrFormat("%s, said %s %.2f: %s", one.label, decision.name(),
                                       decision.confidence(), one.text));
    }
  }
  return absl::OkStatus();
}

void Report(const Outcome& outcome, Measurement& measurement) {
  measurement.Add(Share("accuracy", outcome.all.right, outcome.all.all));
  if (outcome.out_of_scope.all > 0) {
    measurement.Add(Share("accuracy in scope", outcome.in_scope.right, outcome.in_scope.all));
    measurement.Add(
        Share("out-of-scope recall", outcome.out_of_scope.right, outcome.out_of_scope.all));
    measurement.Add(Share("in scope, taken for out of scope", outcome.false_out_of_scope.right,
                          outcome.false_out_of_scope.all));
  }
  if (outcome.languages.size() > 1) {
    for (const auto& [language, tally] : outcome.languages) {
      measurement.Add(Share(StrCat("accuracy, ", language), tally.right, tally.all));
    }
  }
  measurement.Add({"calibration error", learning::CalibrationError(outcome.decisions),
                   Bootstrap(outcome.decisions.size(),
                             [&](const std::vector<size_t>& sample) {
                               std::vector<std::pair<double, bool>> drawn;
                               drawn.reserve(sample.size());
                               for (const size_t i : sample) drawn.push_back(outcome.decisions[i]);
                               return learning::CalibrationError(drawn);
                             }),
                   outcome.decisions.size()});
}

// Each label's messages, shuffled, dealt onto the folds in turn.
std::vector<int> DealFolds(const std::vector<Case>& cases, int folds) {
  std::vector<size_t> order(cases.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937 random(1);
  std::shuffle(order.begin(), order.end(), random);
  std::map<std::string, int> next;
  std::vector<int> fold(cases.size());
  for (const size_t index : order) fold[index] = next[cases[index].label]++ % folds;
  return fold;
}

// What models trained on the spot have beside their messages.
struct Beside {
  learning::Lexicon lexicon;
  learning::TrainOptions options;
};

absl::StatusOr<intent_classifier::Handler> TrainOn(const std::vector<Case>& cases,
                                                   const Beside& beside) {
  std::vector<learning::Example> examples;
  for (const Case& one : cases) examples.push_back({one.text, one.label, one.language});
  ASSIGN_OR_RETURN(const learning::Training training,
                   learning::Train(examples, beside.lexicon, beside.options));
  return MakeClassifier(learning::SerializeModel(training.data));
}

absl::StatusOr<std::vector<Case>> ReadMessages(const std::vector<std::string>& paths,
                                               const std::string& out_of_scope) {
  ASSIGN_OR_RETURN(std::vector<Case> cases, ReadCases(paths));
  for (Case& one : cases) {
    if (one.label.empty()) return absl::InvalidArgumentError("a message has no label: " + one.text);
    if (one.label == out_of_scope) one.label = std::string(learning::kOutOfScope);
  }
  return cases;
}

absl::StatusOr<Beside> ReadBeside(const std::string& concepts, const std::string& background) {
  Beside beside;
  if (!concepts.empty()) {
    ASSIGN_OR_RETURN(const std::string json, ReadFile(concepts));
    ASSIGN_OR_RETURN(beside.lexicon, learning::Lexicon::FromJson(json));
  }
  if (!background.empty()) {
    ASSIGN_OR_RETURN(const std::string lines, ReadFile(background));
    ASSIGN_OR_RETURN(const std::vector<learning::Example> read, learning::ParseDataset(lines));
    beside.options.background = learning::OutOfScopeTexts(read);
  }
  return beside;
}

std::vector<std::string> FileList(const std::string& separated) {
  std::vector<std::string> files;
  for (const std::string_view file : StrSplit(separated, ',')) files.emplace_back(file);
  return files;
}

absl::Status CrossValidate(const std::vector<Case>& cases, int folds, const Beside& beside,
                           bool list_errors, Outcome& outcome, Measurement& measurement) {
  const std::vector<int> fold = DealFolds(cases, folds);
  for (int held_out = 0; held_out < folds; ++held_out) {
    std::vector<Case> training;
    std::vector<size_t> members;
    for (size_t i = 0; i < cases.size(); ++i) {
      if (fold[i] == held_out) {
        members.push_back(i);
      } else {
        training.push_back(cases[i]);
      }
    }
    ASSIGN_OR_RETURN(const intent_classifier::Handler handler, TrainOn(training, beside));
    RETURN_IF_ERROR(Classify(handler, cases, members, list_errors, outcome, measurement));
  }
  return absl::OkStatus();
}

absl::Status RunIntents(const Arguments& arguments, Terminal& terminal) {
  const std::string out_of_scope = arguments.Get("out-of-scope");
  ASSIGN_OR_RETURN(const std::vector<Case> cases,
                   ReadMessages(arguments.positionals(), out_of_scope));
  ASSIGN_OR_RETURN(const Beside beside,
                   ReadBeside(arguments.Get("concepts"), arguments.Get("background")));
  Outcome outcome;
  Measurement measurement;
  const bool list_errors = arguments.Has("errors");
  if (arguments.Has("folds")) {
    ASSIGN_OR_RETURN(const int folds, arguments.Int("folds", 2, 20));
    RETURN_IF_ERROR(CrossValidate(cases, folds, beside, list_errors, outcome, measurement));
  } else {
    std::string model;
    if (arguments.Has("model")) {
      ASSIGN_OR_RETURN(model, ReadFile(arguments.Get("model")));
    }
    absl::StatusOr<intent_classifier::Handler> handler = absl::UnknownError("not made");
    if (arguments.Has("train")) {
      ASSIGN_OR_RETURN(const std::vector<Case> training,
                       ReadMessages(FileList(arguments.Get("train")), out_of_scope));
      handler = TrainOn(training, beside);
    } else {
      handler = MakeClassifier(model);
    }
    if (!handler.ok()) return handler.status();
    std::vector<size_t> members(cases.size());
    std::iota(members.begin(), members.end(), size_t{0});
    RETURN_IF_ERROR(Classify(*handler, cases, members, list_errors, outcome, measurement));
  }
  Report(outcome, measurement);
  measurement.Print(arguments.Has("json"), terminal);
  return absl::OkStatus();
}

}  // namespace

Command IntentsCommand() {
  return {
      .name = "eval intents",
      .positionals = "<file.jsonl>…",
      .about = "Measures the classifier on messages with text and label.",
      .positionals_min = 1,
      .positionals_max = 64,
      .flags = {{"model", "file", "Model to measure; without it the shipped one."},
                {"train", "files", "Train on these first, separated by commas."},
                {"folds", "n", "Cross-validate within the files: train on the other folds."},
                {"concepts", "file", "Concepts to train with (concepts.json)."},
                {"background", "file",
                 "For training messages without any: a file whose OUT_OF_SCOPE lines stand in."},
                {"out-of-scope", "label", "What the files call OUT_OF_SCOPE.", "OUT_OF_SCOPE"},
                {"errors", "", "List the mistakes."},
                {"json", "", "One JSON object."}},
      .run = RunIntents};
}

}  // namespace switchboard::cli::eval
