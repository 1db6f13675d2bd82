// train_model data.jsonl… -o model.bin [--concepts concepts.json] [--oos LABEL]
//
// --oos names the label that plays OUT_OF_SCOPE in foreign data; --background gives a file whose
// OUT_OF_SCOPE messages stand in where the data has none; --hidden, --networks, --epochs, --folds,
// --documents-min, --letters-across (0 or 1), --oos-weight and --oos-share set the TrainOptions of
// the same names.
//
// Trains a text classifier; the build runs it whenever its data changes. Prints what
// cross-validation measured.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/learning/trainer.h"

namespace switchboard::learning {
namespace {

absl::Status Main(int argc, char** argv) {
  std::vector<std::string> inputs;
  std::string output, concepts, background;
  TrainOptions options;
  std::string outside(kOutOfScope);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "-o" && has_value) {
      output = argv[++i];
    } else if (argument == "--hidden" && has_value) {
      options.network.hidden = std::atoi(argv[++i]);
    } else if (argument == "--epochs" && has_value) {
      options.network.epochs = std::atoi(argv[++i]);
    } else if (argument == "--networks" && has_value) {
      options.networks = std::atoi(argv[++i]);
    } else if (argument == "--folds" && has_value) {
      options.folds = std::atoi(argv[++i]);
    } else if (argument == "--documents-min" && has_value) {
      options.documents_min = std::atoi(argv[++i]);
    } else if (argument == "--letters-across" && has_value) {
      options.letters_across = std::atoi(argv[++i]) != 0;
    } else if (argument == "--input-dropout" && has_value) {
      options.network.input_dropout = static_cast<float>(std::atof(argv[++i]));
    } else if (argument == "--oos-weight" && has_value) {
      options.out_of_scope_weight = std::atof(argv[++i]);
    } else if (argument == "--oos-share" && has_value) {
      options.out_of_scope_share = std::atof(argv[++i]);
    } else if (argument == "--background" && has_value) {
      background = argv[++i];
    } else if (argument == "--concepts" && has_value) {
      concepts = argv[++i];
    } else if (argument == "--oos" && has_value) {
      outside = argv[++i];
    } else if (argument[0] != '-') {
      inputs.push_back(argument);
    } else {
      return absl::InvalidArgumentError("unknown argument " + argument);
    }
  }
  if (inputs.empty() || output.empty()) {
    return absl::InvalidArgumentError("usage: train_model data.jsonl… -o model.bin");
  }
  std::vector<Example> examples;
  for (const std::string& input : inputs) {
    ASSIGN_OR_RETURN(const std::string content, ReadFile(input));
    ASSIGN_OR_RETURN(const std::vector<Example> read, ParseDataset(content));
    examples.insert(examples.end(), read.begin(), read.end());
  }
  for (Example& example : examples) {
    if (example.label == outside) example.label = kOutOfScope;
  }
  Lexicon lexicon;
  if (!concepts.empty()) {
    ASSIGN_OR_RETURN(const std::string json, ReadFile(concepts));
    ASSIGN_OR_RETURN(lexicon, Lexicon::FromJson(json));
  }
  if (!background.empty()) {
    ASSIGN_OR_RETURN(const std::string content, ReadFile(background));
    ASSIGN_OR_RETURN(const std::vector<Example> read, ParseDataset(content));
    options.background = OutOfScopeTexts(read);
  }
  ASSIGN_OR_RETURN(const Training training, Train(examples, lexicon, options));
  const std::string bytes = SerializeModel(training.data);
  std::ofstream out(output, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return absl::DataLossError(output + " cannot be written");
  std::printf(
      "%zu messages, %zu labels, %zu features, %zu bytes; held out: accuracy %.3f, in scope %.3f, "
      "out-of-scope recall %.3f, calibration error %.3f; sharpness %.2f, threshold %.2f\n",
      examples.size(), training.data.labels.size(), training.data.rows.size(), bytes.size(),
      training.accuracy, training.in_scope_accuracy, training.out_of_scope_recall,
      training.calibration_error, training.data.sharpness, training.data.threshold);
  return absl::OkStatus();
}

}  // namespace
}  // namespace switchboard::learning

int main(int argc, char** argv) {
  const absl::Status status = switchboard::learning::Main(argc, argv);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "train_model: " << status.message() << "\n";
  return EXIT_FAILURE;
}
