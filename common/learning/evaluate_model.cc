// evaluate_model model.bin data.jsonl [--oos LABEL] [--errors]
//
// Measures a model on messages it was not trained on.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/learning/dataset.h"
#include "common/learning/evaluation.h"
#include "common/learning/model.h"

namespace switchboard::learning {
namespace {

absl::Status Main(int argc, char** argv) {
  std::vector<std::string> paths;
  std::string outside(kOutOfScope);
  bool print_errors = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--errors") {
      print_errors = true;
    } else if (argument == "--oos" && i + 1 < argc) {
      outside = argv[++i];
    } else {
      paths.push_back(argument);
    }
  }
  if (paths.size() != 2) {
    return absl::InvalidArgumentError("usage: evaluate_model model.bin data.jsonl");
  }
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(paths[0]));
  ASSIGN_OR_RETURN(const Model model, Model::Parse(bytes));
  ASSIGN_OR_RETURN(const std::string lines, ReadFile(paths[1]));
  ASSIGN_OR_RETURN(std::vector<Example> examples, ParseDataset(lines));
  for (Example& example : examples) {
    if (example.label == outside) example.label = kOutOfScope;
  }
  std::cout << Describe(Evaluate(model, examples));
  if (!print_errors) return absl::OkStatus();
  Scratch scratch;
  for (const Example& example : examples) {
    const Prediction decision = model.Classify(example.text, scratch).front();
    if (decision.label == example.label) continue;
    std::printf("%-24s %-24s %.2f %s\n", example.label.c_str(), decision.label.data(),
                decision.confidence, example.text.c_str());
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace switchboard::learning

int main(int argc, char** argv) {
  const absl::Status status = switchboard::learning::Main(argc, argv);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "evaluate_model: " << status.message() << "\n";
  return EXIT_FAILURE;
}
