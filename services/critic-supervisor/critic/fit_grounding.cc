// Prints the weights of alignment_model.cc from labelled sentences, with their cross-validated
// figures:
//
//   fit_grounding services/critic-supervisor/policies.json \
//       services/critic-supervisor/critic/testdata/grounding.jsonl
//
// Logistic regression with an L2 penalty on the figures of alignment.h. All sentences about the
// same passages are in one fold, so that the figures are of passages never seen. The threshold is
// the one that keeps false alarms at kFalseAlarms in the folds held out.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "services/critic-supervisor/critic/critic.h"

namespace switchboard::critic {
namespace {

constexpr double kPenalty = 0.003, kFalseAlarms = 0.06;
constexpr size_t kInputs = kFeatureCount + 1, kFolds = 10;

struct Case {
  std::array<double, kInputs> inputs{};
  bool unsupported = false, states_nothing = false;
  size_t fold = 0;
  std::string text, missing;
};

using Model = std::array<double, kInputs>;

double ScoreOf(const Model& model, const Case& c) {
  double score = 0;
  for (size_t i = 0; i < kInputs; ++i) score += model[i] * c.inputs[i];
  return score;
}

// Where a weight stands before any case is seen: a contradiction decides by itself, however rare it
// is among the cases; a new word alone does not.
double PriorOf(size_t input) {
  if (input == static_cast<size_t>(Feature::kThing)) return 2;
  return input >= static_cast<size_t>(Feature::kPromise) ? 3 : 1;
}

// Gradient descent; no weight becomes negative, for no difference makes a sentence truer.
Model Fit(const std::vector<Case>& cases, size_t left_out) {
  Model model{};
  constexpr int kSteps = 6000;
  constexpr double kRate = 0.3;
  for (int step = 0; step < kSteps; ++step) {
    Model gradient{};
    double count = 0;
    for (const Case& c : cases) {
      if (c.fold == left_out || c.states_nothing) continue;
      const double error = 1 / (1 + std::exp(-ScoreOf(model, c))) - (c.unsupported ? 1 : 0);
      for (size_t i = 0; i < kInputs; ++i) gradient[i] += error * c.inputs[i];
      ++count;
    }
    for (size_t i = 0; i < kInputs; ++i) {
      const bool constant = i == kFeatureCount;
      model[i] -=
          kRate * (gradient[i] / count + (constant ? 0 : kPenalty * (model[i] - PriorOf(i))));
      if (!constant) model[i] = std::max(model[i], 0.0);
    }
  }
  return model;
}

v1::ReviewRequest RequestOf(const nlohmann::json& object) {
  v1::ReviewRequest request;
  request.set_direction(v1::ReviewRequest::OUTPUT);
  request.set_text(object.at("sentence").get<std::string>());
  request.set_language(object.at("language").get<std::string>());
  for (const nlohmann::json& passage : object.at("passages")) {
    v1::Passage& added = *request.add_passages();
    added.set_title(passage.value("title", ""));
    added.set_text(passage.at("text").get<std::string>());
    added.set_language(request.language());
  }
  return request;
}

int Run(const char* policies_path, const char* cases_path) {
  std::ifstream policies_file(policies_path), file(cases_path);
  const std::string json{std::istreambuf_iterator<char>(policies_file),
                         std::istreambuf_iterator<char>()};
  const auto policies = Policies::Parse(json);
  if (!policies.ok()) return std::fprintf(stderr, "%s\n", policies.status().ToString().c_str()), 1;
  const Grounding grounding(policies->grounding);
  std::vector<Case> cases;
  std::map<std::string, size_t> groups;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json object = nlohmann::json::parse(line);
    const std::vector<Alignment> alignments = grounding.Align(RequestOf(object));
    Case c;
    c.unsupported = !object.at("supported").get<bool>();
    c.text = object.at("sentence").get<std::string>();
    const size_t group = groups.emplace(object.at("passages").dump(), groups.size()).first->second;
    c.fold = group % kFolds;
    c.states_nothing = true;
    Statements claim;
    Read(c.text, LanguageIndex(object.at("language").get<std::string>()), claim);
    for (const Alignment& alignment : alignments) {
      c.states_nothing &= alignment.states_nothing;
      if (alignment.states_nothing) continue;
      for (const uint32_t word : alignment.missing) {
        c.missing += " " + c.text.substr(claim.words[word].begin, claim.words[word].size);
      }
      for (size_t i = 0; i < kFeatureCount; ++i) c.inputs[i] += alignment.features[i];
    }
    c.inputs[kFeatureCount] = 1;
    cases.push_back(std::move(c));
  }
  std::vector<double> held_out(cases.size());
  for (size_t fold = 0; fold < kFolds; ++fold) {
    const Model model = Fit(cases, fold);
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].fold == fold)
        held_out[i] = cases[i].states_nothing ? -99 : ScoreOf(model, cases[i]);
    }
  }
  std::vector<double> supported;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (!cases[i].unsupported) supported.push_back(held_out[i]);
  }
  std::sort(supported.rbegin(), supported.rend());
  for (const double share : {0.02, 0.035, kFalseAlarms, 0.08, 0.12}) {
    const double threshold =
        supported[static_cast<size_t>(share * static_cast<double>(supported.size()))];
    size_t caught = 0, all = 0;
    for (size_t i = 0; i < cases.size(); ++i) {
      all += cases[i].unsupported;
      caught += cases[i].unsupported && held_out[i] > threshold;
    }
    std::printf("false alarms %.2f: threshold %.2f, recall %.3f\n", share, threshold,
                static_cast<double>(caught) / static_cast<double>(all));
  }
  const double threshold =
      supported[static_cast<size_t>(kFalseAlarms * static_cast<double>(supported.size()))];
  const Model model = Fit(cases, kFolds);
  std::printf("constant %.2f (with the threshold %.2f)\n", model[kFeatureCount],
              model[kFeatureCount] - threshold);
  for (size_t i = 0; i < kFeatureCount; ++i) {
    std::printf("    {\"%s\", %.2f},\n", std::string(FeatureName(static_cast<Feature>(i))).c_str(),
                model[i]);
  }
  for (size_t i = 0; i < cases.size(); ++i) {
    if ((held_out[i] > threshold) == cases[i].unsupported) continue;
    std::printf("%s %.2f: %s\n   ", cases[i].unsupported ? "missed" : "ALARM",
                held_out[i] - threshold, cases[i].text.c_str());
    for (size_t k = 0; k < kFeatureCount; ++k) {
      if (cases[i].inputs[k] != 0)
        std::printf(" %s=%.1f", std::string(FeatureName(static_cast<Feature>(k))).c_str(),
                    cases[i].inputs[k]);
    }
    std::printf(" [%s ]\n", cases[i].missing.c_str());
  }
  return 0;
}

}  // namespace
}  // namespace switchboard::critic

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: fit_grounding <policies> <cases>\n"), 2;
  return switchboard::critic::Run(argv[1], argv[2]);
}
