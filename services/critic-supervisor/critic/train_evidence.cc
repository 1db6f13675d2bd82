// train_evidence --policies policies.json [--sentences] [--ordinary-share S] [--look-alike-share S]
//                attacks.jsonl… [--ordinary texts.jsonl…] -o model.bin
//
// Trains one of the critic's models; the build runs it whenever its data changes. Lines labelled
// ATTACK are attacks, BENIGN look-alikes; the texts after --ordinary are ordinary
// (evidence_data.h). Prints what cross-validation measured.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "common/base/fault.h"
#include "common/base/file.h"
#include "services/critic-supervisor/critic/evidence_data.h"

namespace switchboard::critic {
namespace {

struct Command {
  std::string policies, output;
  std::vector<std::string> labelled, ordinary;
  EvidenceOptions options;
};

absl::StatusOr<Command> ParseCommand(int argc, char** argv) {
  Command command;
  bool ordinary = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "-o" && has_value) {
      command.output = argv[++i];
    } else if (argument == "--policies" && has_value) {
      command.policies = argv[++i];
    } else if (argument == "--ordinary-share" && has_value) {
      command.options.ordinary_share = std::atof(argv[++i]);
    } else if (argument == "--look-alike-share" && has_value) {
      command.options.look_alike_share = std::atof(argv[++i]);
    } else if (argument == "--sentences") {
      command.options.stretches = Stretches::kSentences;
    } else if (argument == "--ordinary") {
      ordinary = true;
    } else if (argument[0] != '-') {
      (ordinary ? command.ordinary : command.labelled).push_back(argument);
    } else {
      return absl::InvalidArgumentError("unknown argument " + argument);
    }
  }
  if (command.policies.empty() || command.output.empty() || command.labelled.empty()) {
    return absl::InvalidArgumentError(
        "usage: train_evidence --policies p.json data.jsonl… -o m.bin");
  }
  return command;
}

absl::Status Main(int argc, char** argv) {
  ASSIGN_OR_RETURN(const Command command, ParseCommand(argc, argv));
  ASSIGN_OR_RETURN(const std::string json, ReadFile(command.policies));
  ASSIGN_OR_RETURN(const Policies policies, Policies::Parse(json));
  std::vector<EvidenceExample> examples;
  for (const std::string& path : command.labelled) {
    RETURN_IF_ERROR(ReadLabelled(path, examples));
  }
  const size_t labelled = examples.size();
  for (const std::string& path : command.ordinary) {
    RETURN_IF_ERROR(ReadOrdinary(path, policies.input, examples));
  }
  ASSIGN_OR_RETURN(const EvidenceTraining training, TrainEvidence(examples, command.options));
  const std::string bytes = training.model.Serialize();
  std::ofstream out(command.output, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return absl::DataLossError(command.output + " cannot be written");
  std::printf(
      "%zu attacks and look-alikes, %zu ordinary texts, %zu bytes; held out: recall %.3f, alarms "
      "%.4f of look-alikes, %.5f of ordinary texts; threshold %.2f\n",
      labelled, examples.size() - labelled, bytes.size(), training.recall,
      training.look_alike_alarms, training.ordinary_alarms, training.model.threshold());
  return absl::OkStatus();
}

}  // namespace
}  // namespace switchboard::critic

int main(int argc, char** argv) {
  const absl::Status status = switchboard::critic::Main(argc, argv);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "train_evidence: " << status.message() << "\n";
  return EXIT_FAILURE;
}
