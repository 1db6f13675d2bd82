#include "common/learning/trainer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
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
  // Out of scope is known from the background alone.
  bool has_background = false;
  float out_of_scope_weight = 1;
};

// The features that a training counts, compacted.
struct Vocabulary {
  std::vector<uint32_t> slots;  // ascending
  std::vector<uint32_t> documents;
  uint32_t total = 0;
};

struct Trained {
  Vocabulary vocabulary;
  std::vector<Network> networks;
};

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
void DealGroups(int folds, Corpus& corpus) {
  const std::vector<int> group = GroupSimilar(corpus.keys);
  std::unordered_map<int, int> fold_of_group;
  std::vector<int> next(corpus.labels.size(), 0);
  for (size_t i = 0; i < group.size(); ++i) {
    const auto [entry, is_new] = fold_of_group.try_emplace(group[i], 0);
    if (is_new) entry->second = next[corpus.truth[i]]++ % folds;
    corpus.fold.push_back(entry->second);
  }
}

// Whole sources to folds, in the order in which they first come: what customers write differs from
// the training data as one source differs from another, and more than two messages of one do.
// False, and nothing done, when there are fewer sources than folds.
bool DealSources(const std::vector<Example>& examples, int folds, Corpus& corpus) {
  std::map<std::string, int> source;
  for (const Example& example : examples) {
    source.try_emplace(example.source, static_cast<int>(source.size()));
  }
  if (static_cast<int>(source.size()) < folds) return false;
  for (const Example& example : examples) corpus.fold.push_back(source[example.source] % folds);
  return true;
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
    extractor.Extract(example.text, lexicon, corpus.keys.emplace_back(), options.letters_across);
    corpus.truth.push_back(count[example.label]);
  }
  if (!DealSources(examples, folds, corpus)) DealGroups(folds, corpus);
  return corpus;
}

// The features of the training messages and how many messages have each.
Vocabulary CountFeatures(const Corpus& corpus, const std::vector<int>& members, int documents_min) {
  Vocabulary vocabulary;
  std::vector<uint32_t> documents(kSlotCount, 0);
  for (const int member : members) {
    uint32_t last = UINT32_MAX;
    for (const uint32_t key : corpus.keys[member]) {
      if (key != last) ++documents[SlotOf(key)];
      last = key;
    }
  }
  vocabulary.total = static_cast<uint32_t>(members.size());
  for (uint32_t slot = 0; slot < kSlotCount; ++slot) {
    if (documents[slot] < static_cast<uint32_t>(documents_min)) continue;
    vocabulary.slots.push_back(slot);
    // A slot that several groups hit in one message counts as often; never more than all.
    vocabulary.documents.push_back(std::min(documents[slot], vocabulary.total));
  }
  return vocabulary;
}

// Position in vocabulary.slots of every slot, -1 where there is none, and its weight in a vector.
struct Index {
  explicit Index(const Vocabulary& vocabulary) : position(kSlotCount, -1), idf(kSlotCount, 0) {
    for (size_t i = 0; i < vocabulary.slots.size(); ++i) {
      position[vocabulary.slots[i]] = static_cast<int>(i);
      idf[vocabulary.slots[i]] =
          InverseDocumentFrequency(vocabulary.total, vocabulary.documents[i]);
    }
  }

  SparseVector Vector(const std::vector<uint32_t>& keys) const {
    SparseVector vector;
    Weigh(
        keys, [this](uint32_t slot) { return idf[slot]; },
        [&](uint32_t slot, float value) { vector.emplace_back(position[slot], value); });
    return vector;
  }

  std::vector<int> position;
  std::vector<float> idf;
};

Trained TrainNetworks(const Corpus& corpus, const std::vector<int>& members,
                      const TrainOptions& options) {
  Trained trained;
  trained.vocabulary = CountFeatures(corpus, members, options.documents_min);
  const Index index(trained.vocabulary);
  std::vector<SparseVector> vectors;
  std::vector<int> truth;
  std::vector<float> weights;
  for (const int member : members) {
    vectors.push_back(index.Vector(corpus.keys[member]));
    truth.push_back(corpus.truth[member]);
    weights.push_back(truth.back() == corpus.out_of_scope ? corpus.out_of_scope_weight : 1.0f);
  }
  for (int n = 0; n < options.networks; ++n) {
    trained.networks.push_back(TrainNetwork(vectors, truth, weights,
                                            trained.vocabulary.slots.size(), corpus.labels.size(),
                                            options.network, static_cast<uint64_t>(n) + 1));
  }
  return trained;
}

// What was held out: scores and truths, one for each message.
struct HeldOut {
  std::vector<std::vector<float>> scores;
  std::vector<int> truth;
};

// Adds the scores of the messages that each fold's model has not seen. `left_in_fold` gives for
// each label the fold whose model must not know it either, so that its messages there are out of
// scope; empty: each model knows all labels.
void HoldOut(const Corpus& corpus, const TrainOptions& options,
             const std::vector<int>& left_in_fold, HeldOut& held_out) {
  for (int fold = 0; fold < options.folds; ++fold) {
    const auto is_left = [&](size_t i) {
      return !left_in_fold.empty() && left_in_fold[corpus.truth[i]] == fold;
    };
    std::vector<int> members;
    for (size_t i = 0; i < corpus.fold.size(); ++i) {
      if (corpus.fold[i] != fold && !is_left(i)) members.push_back(static_cast<int>(i));
    }
    const Trained trained = TrainNetworks(corpus, members, options);
    const Index index(trained.vocabulary);
    for (size_t i = 0; i < corpus.fold.size(); ++i) {
      if (corpus.fold[i] != fold) continue;
      // What the background is like is no measure of what customers write.
      if (corpus.has_background && corpus.truth[i] == corpus.out_of_scope) continue;
      std::vector<float> scores(corpus.labels.size(), 0);
      const SparseVector vector = index.Vector(corpus.keys[i]);
      for (const Network& network : trained.networks) network.AddLogProbabilities(vector, scores);
      for (float& score : scores) score /= static_cast<float>(options.networks);
      held_out.scores.push_back(std::move(scores));
      held_out.truth.push_back(is_left(i) ? corpus.out_of_scope : corpus.truth[i]);
    }
  }
}

HeldOut CrossValidate(const Corpus& corpus, const TrainOptions& options) {
  HeldOut held_out;
  if (!corpus.has_background) {
    HoldOut(corpus, options, {}, held_out);
    return held_out;
  }
  // Which labels are left out together matters much when there are few: several divisions.
  constexpr int kDivisions = 4;
  std::mt19937 random(1);
  std::vector<int> left_in_fold(corpus.labels.size());
  for (int division = 0; division < kDivisions; ++division) {
    int next = 0;
    for (int& fold : left_in_fold) fold = next++ % options.folds;
    // Not std::shuffle, whose order each library chooses.
    for (size_t i = left_in_fold.size(); i > 1; --i) {
      std::swap(left_in_fold[i - 1], left_in_fold[random() % i]);
    }
    left_in_fold[corpus.out_of_scope] = -1;
    HoldOut(corpus, options, left_in_fold, held_out);
  }
  return held_out;
}

std::vector<std::vector<double>> Probabilities(const HeldOut& held_out, double sharpness) {
  std::vector<std::vector<double>> probabilities(held_out.scores.size());
  for (size_t i = 0; i < probabilities.size(); ++i) {
    Softmax(held_out.scores[i], sharpness, probabilities[i]);
  }
  return probabilities;
}

void Measure(const HeldOut& held_out, int out_of_scope, Training& training) {
  const std::vector<std::vector<double>> probabilities =
      Probabilities(held_out, training.data.sharpness);
  std::vector<std::pair<double, bool>> decisions;
  size_t inside = 0, inside_right = 0, outside = 0, outside_right = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    std::vector<double> decided = probabilities[i];
    ApplyThreshold(out_of_scope, training.data.threshold, decided);
    const int decision = ArgMax(decided);
    const bool right = decision == held_out.truth[i];
    decisions.emplace_back(decided[decision], right);
    const bool is_outside = held_out.truth[i] == out_of_scope;
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
  const HeldOut held_out = CrossValidate(corpus, options);
  training.data.sharpness = static_cast<float>(FitSharpness(held_out.scores, held_out.truth));
  training.data.threshold = static_cast<float>(
      FitThreshold(Probabilities(held_out, training.data.sharpness), held_out.truth,
                   corpus.out_of_scope, options.out_of_scope_share));
  Measure(held_out, corpus.out_of_scope, training);
}

void FillData(const Trained& trained, ModelData& data) {
  data.networks = static_cast<uint32_t>(trained.networks.size());
  data.hidden = static_cast<uint32_t>(trained.networks[0].hidden);
  const auto append = [](std::vector<float>& to, const std::vector<float>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (const Network& network : trained.networks) {
    append(data.hidden_bias, network.hidden_bias);
    append(data.output, network.output);
    append(data.output_bias, network.output_bias);
  }
  for (size_t i = 0; i < trained.vocabulary.slots.size(); ++i) {
    ModelData::Row row = {trained.vocabulary.slots[i], trained.vocabulary.documents[i], {}};
    for (const Network& network : trained.networks) {
      const float* embedding = &network.embeddings[i * network.hidden];
      row.embedding.insert(row.embedding.end(), embedding, embedding + network.hidden);
    }
    data.rows.push_back(std::move(row));
  }
}

}  // namespace

absl::StatusOr<Training> Train(const std::vector<Example>& examples, const Lexicon& lexicon,
                               const TrainOptions& given) {
  TrainOptions options = given;
  std::vector<Example> all = examples;
  const bool has_background =
      !options.background.empty() &&
      std::none_of(all.begin(), all.end(), [](const Example& e) { return e.label == kOutOfScope; });
  if (has_background) {
    for (const std::string& text : options.background) {
      all.push_back({text, std::string(kOutOfScope), "und"});
    }
  }
  constexpr size_t kFewMessages = 5000;
  if (options.folds == 0) options.folds = all.size() <= kFewMessages ? 5 : 3;
  if (options.out_of_scope_share < 0) options.out_of_scope_share = has_background ? 0.25 : 0.1;
  ASSIGN_OR_RETURN(Corpus corpus, MakeCorpus(all, lexicon, options));
  corpus.has_background = has_background;
  corpus.out_of_scope_weight = static_cast<float>(options.out_of_scope_weight);
  if (has_background) {
    // However long the background is, it weighs no more than the examples.
    corpus.out_of_scope_weight *= std::min(
        1.0f, static_cast<float>(examples.size()) / static_cast<float>(options.background.size()));
  }
  Training training;
  training.data.labels = corpus.labels;
  training.data.lexicon = lexicon;
  training.data.letters_across = options.letters_across;
  training.data.documents = static_cast<uint32_t>(all.size());
  Calibrate(corpus, options, training);

  std::vector<int> everything(all.size());
  for (size_t i = 0; i < everything.size(); ++i) everything[i] = static_cast<int>(i);
  FillData(TrainNetworks(corpus, everything, options), training.data);
  return training;
}

std::vector<std::string> OutOfScopeTexts(const std::vector<Example>& examples) {
  std::vector<std::string> texts;
  for (const Example& example : examples) {
    if (example.label == kOutOfScope) texts.push_back(example.text);
  }
  return texts;
}

}  // namespace switchboard::learning
