// train_escalation folder intents.jsonl -o model.bin [--mistakes]
//
// Trains the escalation agent's model from its data folder; the build runs it whenever the data
// changes. Prints what cross-validation measured.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "common/base/fault.h"
#include "services/escalation/training/recipe.h"

namespace switchboard::escalation {
namespace {

absl::Status Main(int argc, char** argv) {
  if (argc < 5 || argc > 6 || std::string(argv[3]) != "-o") {
    return absl::InvalidArgumentError("usage: train_escalation folder intents.jsonl -o model.bin");
  }
  ASSIGN_OR_RETURN(const Recipe recipe, Recipe::Read(argv[1], argv[2]));
  Recipe::Report report;
  ASSIGN_OR_RETURN(const std::string bytes, recipe.Train(&report));
  std::ofstream out(argv[4], std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return absl::DataLossError(std::string(argv[4]) + " cannot be written");
  std::printf(
      "%zu messages, %zu conversations, %zu bytes; held out conversations: precision %.3f, recall "
      "%.3f\n",
      report.messages, report.conversations, bytes.size(), report.precision, report.recall);
  if (argc < 6) return absl::OkStatus();
  for (const std::string& mistake : report.mistakes) std::printf("%s\n", mistake.c_str());
  for (const auto& [label, text] : report.decision.texts) {
    std::printf("%s %.3f:", label.c_str(), text.threshold);
    for (const double weight : text.weights) std::printf(" %.2f", weight);
    std::printf("\n");
  }
  std::printf("trouble:");
  for (const double weight : report.decision.trouble_weights) std::printf(" %.2f", weight);
  std::printf("\n");
  return absl::OkStatus();
}

}  // namespace
}  // namespace switchboard::escalation

int main(int argc, char** argv) {
  const absl::Status status = switchboard::escalation::Main(argc, argv);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "train_escalation: " << status.message() << "\n";
  return EXIT_FAILURE;
}
