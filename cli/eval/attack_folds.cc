#include "cli/eval/attack_folds.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <unordered_map>

#include "common/base/fault.h"
#include "common/base/file.h"
#include "services/critic-supervisor/critic/evidence_data.h"
#include "services/critic-supervisor/critic/normalise.h"

namespace switchboard::cli::eval {
namespace {

using critic::EvidenceExample;
using Kind = critic::EvidenceExample::Kind;

constexpr double kFalseAlarms = 0.02;

struct Document {
  std::string folded;
  std::vector<std::string_view> sentences;  // of folded
  bool attack;
  size_t fold;
};

// Documents with a clean one's sentences are versions of it: they share its fold.
void AssignFolds(int folds, std::vector<Document>& documents) {
  std::unordered_map<std::string_view, size_t> clean_with;
  std::vector<size_t> group(documents.size());
  for (size_t i = 0; i < documents.size(); ++i) {
    group[i] = i;
    if (documents[i].attack) continue;
    for (const std::string_view sentence : documents[i].sentences) {
      clean_with.try_emplace(sentence, i);
    }
  }
  for (size_t i = 0; i < documents.size(); ++i) {
    std::unordered_map<size_t, size_t> shared;
    for (const std::string_view sentence : documents[i].sentences) {
      if (const auto clean = clean_with.find(sentence); clean != clean_with.end()) {
        ++shared[clean->second];
      }
    }
    size_t most = 0;
    for (const auto& [clean, count] : shared) {
      if (count > most || (count == most && clean < group[i])) {
        most = count;
        group[i] = clean;
      }
    }
  }
  std::set<size_t> distinct(group.begin(), group.end());
  std::vector<size_t> order(distinct.begin(), distinct.end());
  std::mt19937 random(1);
  std::shuffle(order.begin(), order.end(), random);
  std::unordered_map<size_t, size_t> fold_of;
  for (size_t i = 0; i < order.size(); ++i) fold_of[order[i]] = i % static_cast<size_t>(folds);
  for (size_t i = 0; i < documents.size(); ++i) documents[i].fold = fold_of[group[i]];
}

absl::StatusOr<std::vector<EvidenceExample>> OwnExamples() {
  constexpr char kData[] = SWITCHBOARD_CRITIC_DATA "/data/";
  ASSIGN_OR_RETURN(const std::string json, ReadFile(SWITCHBOARD_CRITIC_DATA "/policies.json"));
  ASSIGN_OR_RETURN(const critic::Policies policies, critic::Policies::Parse(json));
  std::vector<EvidenceExample> examples;
  RETURN_IF_ERROR(critic::ReadLabelled(std::string(kData) + "smuggled_train.jsonl", examples));
  RETURN_IF_ERROR(
      critic::ReadOrdinary(std::string(kData) + "prose_train.jsonl", policies.input, examples));
  return examples;
}

// In one line, so that a sentence is found wherever a line was broken.
std::string InOneLine(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

void Learn(const std::vector<Document>& documents, size_t held_out,
           std::vector<EvidenceExample>& examples) {
  std::string clean, unseen;
  for (const Document& document : documents) {
    if (document.fold == held_out) unseen += InOneLine(document.folded) + "\n";
    if (document.fold == held_out || document.attack) continue;
    examples.push_back({document.folded, Kind::kOrdinary});
    clean += InOneLine(document.folded) + "\n";
  }
  for (const Document& document : documents) {
    if (document.fold == held_out || !document.attack) continue;
    for (const std::string_view sentence : document.sentences) {
      // What is left of a sentence that the instruction has cut in two is clean as well.
      const std::string line = InOneLine(sentence);
      if (clean.find(line) != std::string::npos) continue;
      // The same instruction in a document of the fold that is measured would be learnt by heart.
      if (unseen.find(line) != std::string::npos) continue;
      examples.push_back({std::string(sentence), Kind::kAttack});
    }
  }
}

// Chance that an attack scores above a benign text; a tie counts half.
double AreaUnderCurve(const std::vector<float>& attacks, const std::vector<float>& benign) {
  double wins = 0;
  for (const float attack : attacks) {
    for (const float other : benign) wins += attack > other ? 1 : attack == other ? 0.5 : 0;
  }
  const auto pairs = static_cast<double>(attacks.size() * benign.size());
  return pairs == 0 ? 0 : wins / pairs;
}

}  // namespace

absl::Status CrossValidateForeignText(const std::vector<Case>& cases,
                                      const std::vector<bool>& attacks, int folds,
                                      Measurement& measurement) {
  std::vector<Document> documents(cases.size());
  for (size_t i = 0; i < cases.size(); ++i) {
    documents[i].folded = critic::Fold(cases[i].text);
    documents[i].sentences = critic::SentencesOf(documents[i].folded);
    documents[i].attack = attacks[i];
  }
  AssignFolds(folds, documents);
  ASSIGN_OR_RETURN(const std::vector<EvidenceExample> own, OwnExamples());
  critic::EvidenceOptions options;
  options.stretches = critic::Stretches::kSentences;
  std::vector<float> scores[2];
  for (size_t fold = 0; fold < static_cast<size_t>(folds); ++fold) {
    std::vector<EvidenceExample> examples = own;
    Learn(documents, fold, examples);
    std::vector<const EvidenceExample*> all;
    for (const EvidenceExample& example : examples) all.push_back(&example);
    const critic::EvidenceModel model = critic::FitEvidence(all, options);
    for (const Document& document : documents) {
      if (document.fold != fold) continue;
      scores[document.attack ? 1 : 0].push_back(
          measurement.Timed([&] { return model.Strongest(document.folded); }));
    }
  }
  std::vector<float>& benign = scores[0];
  std::sort(benign.begin(), benign.end(), std::greater<>());
  const auto allowed = static_cast<size_t>(kFalseAlarms * static_cast<double>(benign.size()));
  const float threshold = benign.empty() ? 0 : benign[allowed];
  const auto found = static_cast<size_t>(
      std::count_if(scores[1].begin(), scores[1].end(), [&](float s) { return s > threshold; }));
  measurement.Add(Share("true positives at 2 % false alarms", found, scores[1].size()));
  Metric area;
  area.name = "area under the curve";
  area.value = AreaUnderCurve(scores[1], benign);
  area.count = cases.size();
  measurement.Add(std::move(area));
  return absl::OkStatus();
}

}  // namespace switchboard::cli::eval
