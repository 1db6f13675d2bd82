#include "common/learning/trainer.h"

#include <linear.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <unordered_map>

#include "common/base/fault.h"
#include "common/learning/calibration.h"
#include "common/learning/features.h"

namespace switchboard::learning {
namespace {

// Messages as feature keys, with what training needs to know of them.
struct Corpus {
  std::vector<std::string> labels;
  std::vector<std::vector<uint32_t>> keys;
  std::vector<int> truth;
  std::vector<int> fold;
  int out_of_scope = -1;
};

// A weight matrix on compacted features, as liblinear returns it.
struct Linear {
  std::vector<uint32_t> slots;  // ascending
  std::vector<uint32_t> documents;
  uint32_t total = 0;
  std::vector<float> weights;  // slots × labels
  std::vector<float> bias;
};

constexpr double kBiasFeature = 1;

// Two messages that share half of their words and pairs of words (cosine) come from one template,
// or are one message in two spellings. Each joins the first message it resembles.
std::vector<int> GroupSimilar(const std::vector<std::vector<uint32_t>>& keys) {
  constexpr double kSimilar = 0.5;
  std::vector<int> group(keys.size());
  std::unordered_map<uint32_t, std::vector<int>> leaders_with;
  std::vector<int> leader_size;
  std::vector<int> shared;
  std::vector<uint32_t> words;
  for (size_t i = 0; i < keys.size(); ++i) {
    words.assign(keys[i].begin(),
                 std::lower_bound(keys[i].begin(), keys[i].end(), kCharacterGroup));
    words.erase(std::unique(words.begin(), words.end()), words.end());
    shared.assign(leader_size.size(), 0);
    for (const uint32_t word : words) {
      const auto found = leaders_with.find(word);
      if (found == leaders_with.end()) continue;
      for (const int leader : found->second) ++shared[leader];
    }
    int best = -1;
    double best_similarity = kSimilar;
    for (size_t leader = 0; leader < shared.size(); ++leader) {
      if (shared[leader] == 0) continue;
      const double similarity =
          shared[leader] /
          std::sqrt(static_cast<double>(leader_size[leader]) * static_cast<double>(words.size()));
      if (similarity >= best_similarity) {
        best = static_cast<int>(leader);
        best_similarity = similarity;
      }
    }
    if (best < 0) {
      best = static_cast<int>(leader_size.size());
      leader_size.push_back(static_cast<int>(words.size()));
      for (const uint32_t word : words) leaders_with[word].push_back(best);
    }
    group[i] = best;
  }
  return group;
}

// Deals each label's groups onto the folds in turn, so every fold has its share of every label.
void AssignFolds(int folds, Corpus& corpus) {
  const std::vector<int> group = GroupSimilar(corpus.keys);
  std::unordered_map<int, int> fold_of_group;
  std::vector<int> next(corpus.labels.size(), 0);
  for (size_t i = 0; i < group.size(); ++i) {
    const auto [entry, is_new] = fold_of_group.try_emplace(group[i], 0);
    if (is_new) entry->second = next[corpus.truth[i]]++ % folds;
    corpus.fold.push_back(entry->second);
  }
}

absl::StatusOr<Corpus> MakeCorpus(const std::vector<Example>& examples, const Lexicon& lexicon,
                                  const TrainOptions& options) {
  const int folds = options.folds;
  Corpus corpus;
  std::map<std::string, int> count;
  for (const Example& example : examples) ++count[example.label];
  if (count.size() < 2 || count.size() > 255) {
    return absl::InvalidArgumentError("needs 2 to 255 labels, has " + std::to_string(count.size()));
  }
  for (auto& [label, messages] : count) {
    if (messages < folds) {
      return absl::InvalidArgumentError(label + " has " + std::to_string(messages) +
                                        " messages, needs at least " + std::to_string(folds));
    }
    messages = static_cast<int>(corpus.labels.size());
    if (label == kOutOfScope) corpus.out_of_scope = messages;
    corpus.labels.push_back(label);
  }
  Extractor extractor;
  for (const Example& example : examples) {
    extractor.Extract(example.text, lexicon, corpus.keys.emplace_back());
    corpus.truth.push_back(count[example.label]);
  }
  AssignFolds(folds, corpus);
  return corpus;
}

// The features of the training messages and how many messages have each.
void CountFeatures(const Corpus& corpus, const std::vector<int>& members, int documents_min,
                   Linear& linear) {
  std::vector<uint32_t> documents(kSlotCount, 0);
  for (const int member : members) {
    uint32_t last = UINT32_MAX;
    for (const uint32_t key : corpus.keys[member]) {
      if (key != last) ++documents[SlotOf(key)];
      last = key;
    }
  }
  linear.total = static_cast<uint32_t>(members.size());
  for (uint32_t slot = 0; slot < kSlotCount; ++slot) {
    if (documents[slot] < static_cast<uint32_t>(documents_min)) continue;
    linear.slots.push_back(slot);
    // A slot that both groups hit in one message counts twice; never more than all.
    linear.documents.push_back(std::min(documents[slot], linear.total));
  }
}

// Position in linear.slots of every slot, -1 where there is none, and its weight in a vector.
struct Index {
  explicit Index(const Linear& linear) : position(kSlotCount, -1), idf(kSlotCount, 0) {
    for (size_t i = 0; i < linear.slots.size(); ++i) {
      position[linear.slots[i]] = static_cast<int>(i);
      idf[linear.slots[i]] = InverseDocumentFrequency(linear.total, linear.documents[i]);
    }
  }
  std::vector<int> position;
  std::vector<float> idf;
};

std::vector<feature_node> MakeVector(const std::vector<uint32_t>& keys, const Index& index,
                                     int bias_index) {
  std::vector<feature_node> nodes;
  Weigh(
      keys, [&](uint32_t slot) { return index.idf[slot]; },
      [&](uint32_t slot, float value) {
        const int feature = index.position[slot] + 1;  // liblinear counts from 1
        if (!nodes.empty() && nodes.back().index == feature) {
          nodes.back().value += value;
        } else {
          nodes.push_back({feature, value});
        }
      });
  std::sort(nodes.begin(), nodes.end(),
            [](const feature_node& a, const feature_node& b) { return a.index < b.index; });
  nodes.push_back({bias_index, kBiasFeature});
  nodes.push_back({-1, 0});
  return nodes;
}

Linear TrainLinear(const Corpus& corpus, const std::vector<int>& members,
                   const TrainOptions& options) {
  Linear linear;
  CountFeatures(corpus, members, options.documents_min, linear);
  const Index index(linear);
  const int bias_index = static_cast<int>(linear.slots.size()) + 1;

  std::vector<std::vector<feature_node>> vectors;
  std::vector<feature_node*> rows;
  std::vector<double> truth;
  for (const int member : members) {
    vectors.push_back(MakeVector(corpus.keys[member], index, bias_index));
    truth.push_back(corpus.truth[member]);
  }
  for (std::vector<feature_node>& vector : vectors) rows.push_back(vector.data());

  const problem problem = {static_cast<int>(rows.size()), bias_index, truth.data(), rows.data(),
                           kBiasFeature};
  parameter parameters = {};
  parameters.solver_type = options.solver;
  parameters.C = options.cost;
  parameters.eps = 0.1;  // liblinear's own default for the dual solvers
  parameters.p = 0.1;
  int weighted_label = corpus.out_of_scope;
  double weight = options.out_of_scope_weight;
  if (corpus.out_of_scope >= 0 && weight != 1) {
    parameters.nr_weight = 1;
    parameters.weight_label = &weighted_label;
    parameters.weight = &weight;
  }
  set_print_string_function([](const char*) {});
  std::srand(1);  // liblinear shuffles with rand(): the same bytes on every call
  const std::unique_ptr<model, void (*)(model*)> trained(
      train(&problem, &parameters), [](model* m) { free_and_destroy_model(&m); });

  const size_t label_count = corpus.labels.size();
  linear.weights.resize(linear.slots.size() * label_count);
  linear.bias.resize(label_count);
  // Of two labels liblinear keeps one column: the other is its negative.
  const int columns = trained->nr_class == 2 ? 1 : trained->nr_class;
  for (int c = 0; c < trained->nr_class; ++c) {
    const float sign = columns == 1 && c == 1 ? -1 : 1;
    const int column = columns == 1 ? 0 : c;
    const int label = trained->label[c];
    const auto weight_of = [&](size_t feature) {
      return sign * static_cast<float>(trained->w[feature * columns + column]);
    };
    for (size_t i = 0; i < linear.slots.size(); ++i) {
      linear.weights[i * label_count + label] = weight_of(i);
    }
    linear.bias[label] = weight_of(linear.slots.size()) * static_cast<float>(kBiasFeature);
  }
  return linear;
}

// Scores of the messages that each fold's model has not seen.
std::vector<std::vector<float>> HeldOutScores(const Corpus& corpus, const TrainOptions& options) {
  std::vector<std::vector<float>> scores(corpus.keys.size());
  for (int fold = 0; fold < options.folds; ++fold) {
    std::vector<int> members;
    for (size_t i = 0; i < corpus.fold.size(); ++i) {
      if (corpus.fold[i] != fold) members.push_back(static_cast<int>(i));
    }
    const Linear linear = TrainLinear(corpus, members, options);
    const Index index(linear);
    const size_t label_count = corpus.labels.size();
    for (size_t i = 0; i < corpus.fold.size(); ++i) {
      if (corpus.fold[i] != fold) continue;
      scores[i] = linear.bias;
      Weigh(
          corpus.keys[i], [&](uint32_t slot) { return index.idf[slot]; },
          [&](uint32_t slot, float value) {
            const float* row = &linear.weights[index.position[slot] * label_count];
            for (size_t c = 0; c < label_count; ++c) scores[i][c] += value * row[c];
          });
    }
  }
  return scores;
}

void Measure(const Corpus& corpus, const std::vector<std::vector<double>>& probabilities,
             Training& training) {
  std::vector<std::pair<double, bool>> decisions;
  size_t inside = 0, inside_right = 0, outside = 0, outside_right = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    std::vector<double> decided = probabilities[i];
    ApplyThreshold(corpus.out_of_scope, training.data.threshold, decided);
    const int decision = ArgMax(decided);
    const bool right = decision == corpus.truth[i];
    decisions.emplace_back(decided[decision], right);
    const bool is_outside = corpus.truth[i] == corpus.out_of_scope;
    ++(is_outside ? outside : inside);
    if (right) ++(is_outside ? outside_right : inside_right);
  }
  const auto share = [](size_t part, size_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  training.accuracy = share(inside_right + outside_right, probabilities.size());
  training.in_scope_accuracy = share(inside_right, inside);
  training.out_of_scope_recall = share(outside_right, outside);
  training.calibration_error = CalibrationError(decisions);
}

void Calibrate(const Corpus& corpus, const TrainOptions& options, Training& training) {
  const std::vector<std::vector<float>> scores = HeldOutScores(corpus, options);
  training.data.sharpness = static_cast<float>(FitSharpness(scores, corpus.truth));
  std::vector<std::vector<double>> probabilities(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    Softmax(scores[i], training.data.sharpness, probabilities[i]);
  }
  training.data.threshold = static_cast<float>(
      FitThreshold(probabilities, corpus.truth, corpus.out_of_scope, options.threshold_cost));
  Measure(corpus, probabilities, training);
}

void FillRows(const Linear& linear, double prune_share, ModelData& data) {
  const size_t label_count = data.labels.size();
  float largest = 0;
  for (const float weight : linear.weights) largest = std::max(largest, std::abs(weight));
  const auto smallest = static_cast<float>(prune_share * largest);
  for (size_t i = 0; i < linear.slots.size(); ++i) {
    // A row without weights stays: its feature counts in the vector's length.
    ModelData::Row row = {linear.slots[i], linear.documents[i], {}};
    for (size_t c = 0; c < label_count; ++c) {
      const float weight = linear.weights[i * label_count + c];
      if (std::abs(weight) > smallest) row.weights.emplace_back(static_cast<uint8_t>(c), weight);
    }
    data.rows.push_back(std::move(row));
  }
}

}  // namespace

absl::StatusOr<Training> Train(const std::vector<Example>& examples, const Lexicon& lexicon,
                               const TrainOptions& options) {
  ASSIGN_OR_RETURN(const Corpus corpus, MakeCorpus(examples, lexicon, options));
  Training training;
  training.data.labels = corpus.labels;
  training.data.lexicon = lexicon;
  training.data.documents = static_cast<uint32_t>(examples.size());
  Calibrate(corpus, options, training);

  std::vector<int> everything(examples.size());
  for (size_t i = 0; i < everything.size(); ++i) everything[i] = static_cast<int>(i);
  const Linear linear = TrainLinear(corpus, everything, options);
  training.data.bias = linear.bias;
  FillRows(linear, options.prune_share, training.data);
  return training;
}

}  // namespace switchboard::learning
