// `switchboard train intents`: a model from labelled messages.
#include <fstream>

#include "absl/strings/str_format.h"
#include "cli/model/commands.h"
#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"
#include "common/learning/trainer.h"

namespace switchboard::cli::model {
namespace {

absl::StatusOr<std::vector<learning::Example>> ReadExamples(const std::vector<std::string>& paths,
                                                            const std::string& out_of_scope) {
  std::vector<learning::Example> examples;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string lines, ReadFile(path));
    absl::StatusOr<std::vector<learning::Example>> read = learning::ParseDataset(lines);
    if (!read.ok()) {
      return absl::InvalidArgumentError(StrCat(path, ":\n", std::string(read.status().message())));
    }
    for (learning::Example& example : *read) {
      if (example.label == out_of_scope) example.label = std::string(learning::kOutOfScope);
      examples.push_back(std::move(example));
    }
  }
  return examples;
}

absl::Status RunTrain(const Arguments& arguments, Terminal& terminal) {
  ASSIGN_OR_RETURN(const std::vector<learning::Example> examples,
                   ReadExamples(arguments.positionals(), arguments.Get("out-of-scope")));
  learning::Lexicon lexicon;
  if (arguments.Has("concepts")) {
    ASSIGN_OR_RETURN(const std::string json, ReadFile(arguments.Get("concepts")));
    ASSIGN_OR_RETURN(lexicon, learning::Lexicon::FromJson(json));
  }
  learning::TrainOptions options;
  if (arguments.Has("background")) {
    ASSIGN_OR_RETURN(const std::vector<learning::Example> background,
                     ReadExamples({arguments.Get("background")}, {}));
    options.background = learning::OutOfScopeTexts(background);
  }
  terminal.err << "training on " << examples.size() << " messages …" << std::endl;
  ASSIGN_OR_RETURN(const learning::Training training, learning::Train(examples, lexicon, options));
  const std::string bytes = learning::SerializeModel(training.data);
  const std::string path = arguments.Get("output");
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return absl::DataLossError(path + " cannot be written");
  terminal.out << absl::StrFormat(
      "%s: %d labels, %d bytes; on what cross-validation held out: accuracy %.3f, in scope %.3f, "
      "out-of-scope recall %.3f, calibration error %.3f\n",
      path, training.data.labels.size(), bytes.size(), training.accuracy,
      training.in_scope_accuracy, training.out_of_scope_recall, training.calibration_error);
  return absl::OkStatus();
}

}  // namespace

Command TrainCommand() {
  return {.name = "train intents",
          .positionals = "<file.jsonl>…",
          .about = "Trains an intent model on lines with text, label and perhaps language.",
          .positionals_min = 1,
          .positionals_max = 64,
          .flags = {{.name = "output",
                     .value = "file",
                     .doc = "Where the model goes.",
                     .default_value = "intents.bin",
                     .letter = "o"},
                    {"concepts", "file", "Words of several languages that mean the same."},
                    {"background", "file",
                     "Where the messages have none: a file whose OUT_OF_SCOPE lines stand in."},
                    {"out-of-scope", "label", "What the files call OUT_OF_SCOPE.", "OUT_OF_SCOPE"}},
          .run = RunTrain};
}

}  // namespace switchboard::cli::model
