// The file, little-endian:
//   8 bytes   "SBINTENT"
//   u32       format version, u32 feature revision, u32 slot bits
//   u32       number of labels, each: u32 length, bytes
//   u32       length of the lexicon, its bytes (see Lexicon::Serialize)
//   u32       training messages
//   f32       sharpness, threshold, scale, and one bias for each label
//   u32       number of rows, each: varint slot's distance from the last, varint documents,
//             varint number of weights, each: u8 label, i16 weight in steps of scale
//   64 bytes  SHA-256 of all before, hexadecimal
#include "common/learning/model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/learning/clauses.h"

namespace switchboard::learning {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is read as it lies in memory");

constexpr std::string_view kMagic = "SBINTENT";
constexpr uint32_t kFormatVersion = 1;
constexpr size_t kChecksumLength = 64;

template <typename T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void PutVarint(std::string& out, uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Reads the fields one after the other; after the first that does not fit, ok() is false and all
// give 0.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Get() {
    T value{};
    if (const std::string_view raw = Bytes(sizeof value); !raw.empty()) {
      std::memcpy(&value, raw.data(), sizeof value);
    }
    return value;
  }

  uint32_t Varint() {
    uint32_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const auto byte = Get<uint8_t>();
      value |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }

  std::string_view Bytes(size_t count) {
    if (!ok_ || count > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view result = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return result;
  }

  bool ok() const { return ok_; }
  size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

// Strips magic, versions and checksum; what is left is the body.
absl::StatusOr<std::string_view> CheckEnvelope(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 3 * sizeof(uint32_t) + kChecksumLength ||
      bytes.substr(0, kMagic.size()) != kMagic) {
    return absl::DataLossError("is not an intent model, or was cut short");
  }
  Cursor header(bytes.substr(kMagic.size()));
  const auto version = header.Get<uint32_t>();
  if (version != kFormatVersion) {
    return absl::FailedPreconditionError("has format version " + std::to_string(version) +
                                         ", this program reads " + std::to_string(kFormatVersion));
  }
  const std::string_view content = bytes.substr(0, bytes.size() - kChecksumLength);
  if (Sha256Hex(content) != bytes.substr(content.size())) {
    return absl::DataLossError("is damaged: the checksum does not match");
  }
  const auto revision = header.Get<uint32_t>();
  const auto slot_bits = header.Get<uint32_t>();
  if (revision != kFeatureRevision || slot_bits != kSlotBits) {
    return absl::FailedPreconditionError(
        "was trained with feature revision " + std::to_string(revision) + " and " +
        std::to_string(slot_bits) + " slot bits, this program has " +
        std::to_string(kFeatureRevision) + " and " + std::to_string(kSlotBits));
  }
  return content.substr(kMagic.size() + 3 * sizeof(uint32_t));
}

// Trained figures are of the order of 1 to 100; within this bound no score overflows, and every
// probability is one.
bool IsPlausible(float value) { return std::abs(value) <= 1e6f; }  // false for NaN

}  // namespace

float InverseDocumentFrequency(uint32_t documents, uint32_t with_feature) {
  return std::log((1.0f + documents) / (1.0f + with_feature)) + 1.0f;
}

std::string SerializeModel(const ModelData& data) {
  float largest = 0;
  for (const ModelData::Row& row : data.rows) {
    for (const auto& [label, weight] : row.weights) largest = std::max(largest, std::abs(weight));
  }
  const float scale = largest > 0 ? largest / 32767 : 1;

  std::string out(kMagic);
  Put<uint32_t>(out, kFormatVersion);
  Put<uint32_t>(out, kFeatureRevision);
  Put<uint32_t>(out, kSlotBits);
  Put<uint32_t>(out, data.labels.size());
  for (const std::string& label : data.labels) {
    Put<uint32_t>(out, label.size());
    out += label;
  }
  Put<uint32_t>(out, data.lexicon.Serialize().size());
  out += data.lexicon.Serialize();
  Put<uint32_t>(out, data.documents);
  Put<float>(out, data.sharpness);
  Put<float>(out, data.threshold);
  Put<float>(out, scale);
  for (const float bias : data.bias) Put<float>(out, bias);
  Put<uint32_t>(out, data.rows.size());
  uint32_t last = 0;
  for (const ModelData::Row& row : data.rows) {
    PutVarint(out, row.slot - last);
    PutVarint(out, row.documents);
    PutVarint(out, row.weights.size());
    for (const auto& [label, weight] : row.weights) {
      Put<uint8_t>(out, label);
      Put<int16_t>(out, static_cast<int16_t>(std::lround(weight / scale)));
    }
    last = row.slot;
  }
  out += Sha256Hex(out);
  return out;
}

absl::StatusOr<Model> Model::Parse(std::string_view bytes) {
  ASSIGN_OR_RETURN(const std::string_view body, CheckEnvelope(bytes));
  Cursor cursor(body);
  Model model;
  const auto label_count = cursor.Get<uint32_t>();
  if (label_count < 2 || label_count > 255) return absl::DataLossError("has no plausible labels");
  for (uint32_t i = 0; i < label_count; ++i) {
    const auto length = cursor.Get<uint32_t>();
    model.labels_.emplace_back(cursor.Bytes(length));
    if (model.labels_.back() == kOutOfScope) model.out_of_scope_ = static_cast<int>(i);
  }
  const auto lexicon_length = cursor.Get<uint32_t>();
  model.lexicon_ = Lexicon::Parse(cursor.Bytes(lexicon_length));
  const auto documents = cursor.Get<uint32_t>();
  model.sharpness_ = cursor.Get<float>();
  model.threshold_ = cursor.Get<float>();
  model.scale_ = cursor.Get<float>();
  for (uint32_t i = 0; i < label_count; ++i) model.bias_.push_back(cursor.Get<float>());
  if (!IsPlausible(model.sharpness_) || !IsPlausible(model.threshold_) ||
      !IsPlausible(model.scale_ * std::numeric_limits<int16_t>::max()) ||
      !std::all_of(model.bias_.begin(), model.bias_.end(), IsPlausible)) {
    return absl::DataLossError("has no plausible figures");
  }

  const auto row_count = cursor.Get<uint32_t>();
  model.slots_.resize(kSlotCount);
  uint32_t slot = 0;
  for (uint32_t i = 0; i < row_count && cursor.ok(); ++i) {
    const uint32_t distance = cursor.Varint();
    slot += distance;
    const uint32_t with_feature = cursor.Varint();
    const uint32_t count = cursor.Varint();
    const bool ascends = distance < kSlotCount && (distance > 0 || i == 0);
    if (!ascends || slot >= kSlotCount || with_feature > documents || count > label_count) {
      return absl::DataLossError("row " + std::to_string(i) + " is out of range");
    }
    model.slots_[slot] = {InverseDocumentFrequency(documents, with_feature),
                          static_cast<uint32_t>(model.weights_.size()), count};
    for (uint32_t k = 0; k < count; ++k) {
      const auto label = cursor.Get<uint8_t>();
      const auto steps = cursor.Get<int16_t>();
      if (label >= label_count)
        return absl::DataLossError("row " + std::to_string(i) + " has no label");
      model.weights_.push_back({label, steps});
    }
  }
  if (!cursor.ok() || cursor.left() != 0) return absl::DataLossError("has the wrong length");
  model.weights_.shrink_to_fit();
  return model;
}

void Model::Score(std::string_view message, Scratch& scratch) const {
  scratch.extractor.Extract(message, lexicon_, scratch.keys);
  scratch.scores.assign(labels_.size(), 0);
  Weigh(
      scratch.keys, [this](uint32_t slot) { return slots_[slot].idf; },
      [&](uint32_t slot, float value) {
        const Slot& row = slots_[slot];
        const float step = value * scale_;
        for (uint32_t i = row.begin; i < row.begin + row.count; ++i) {
          scratch.scores[weights_[i].label] += step * static_cast<float>(weights_[i].steps);
        }
      });
  for (size_t i = 0; i < bias_.size(); ++i) scratch.scores[i] += bias_[i];
}

// "Return the shoes and cancel my plan" wants two things, but as one bag of words it looks like
// either. A clause that is clear by itself and in scope counts as much as the whole message.
void Model::BlendClauses(std::string_view message, Scratch& scratch) const {
  constexpr double kClear = 0.5;
  SplitClauses(message, scratch.clauses);
  if (scratch.clauses.size() < 2) return;
  double parts = 1;
  for (const std::string_view clause : scratch.clauses) {
    Score(clause, scratch);
    Softmax(scratch.scores, sharpness_, scratch.clause_probabilities);
    const auto top =
        std::max_element(scratch.clause_probabilities.begin(), scratch.clause_probabilities.end());
    if (*top < kClear || top - scratch.clause_probabilities.begin() == out_of_scope_) continue;
    for (size_t i = 0; i < labels_.size(); ++i) {
      scratch.probabilities[i] += scratch.clause_probabilities[i];
    }
    parts += 1;
  }
  for (double& probability : scratch.probabilities) probability /= parts;
}

std::vector<Prediction> Model::Classify(std::string_view message, Scratch& scratch,
                                        double confidence_min, size_t count_max) const {
  Score(message, scratch);
  std::vector<double>& probabilities = scratch.probabilities;
  Softmax(scratch.scores, sharpness_, probabilities);
  BlendClauses(message, scratch);
  ApplyThreshold(out_of_scope_, threshold_, probabilities);
  std::vector<Prediction> predictions;
  for (size_t i = 0; i < labels_.size(); ++i) {
    predictions.push_back({labels_[i], probabilities[i]});
  }
  std::stable_sort(
      predictions.begin(), predictions.end(),
      [](const Prediction& a, const Prediction& b) { return a.confidence > b.confidence; });
  size_t keep = 1;
  while (keep < std::min(count_max, predictions.size()) &&
         predictions[keep].confidence >= confidence_min) {
    ++keep;
  }
  predictions.resize(keep, {});
  return predictions;
}

void Softmax(const std::vector<float>& scores, double sharpness,
             std::vector<double>& probabilities) {
  const double top = *std::max_element(scores.begin(), scores.end());
  probabilities.resize(scores.size());
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    sum += probabilities[i] = std::exp(sharpness * (scores[i] - top));
  }
  for (double& probability : probabilities) probability /= sum;
}

void ApplyThreshold(int out_of_scope, double threshold, std::vector<double>& probabilities) {
  if (out_of_scope < 0) return;
  double best = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (static_cast<int>(i) != out_of_scope) best = std::max(best, probabilities[i]);
  }
  double& outside = probabilities[out_of_scope];
  if (best >= threshold || outside >= best) return;
  // Just above the best label at the threshold, certain when nothing in scope has any probability.
  outside = std::max(outside, 1 - best * (1 - best) / std::max(threshold, best));
  outside = std::max(outside, best);
}

}  // namespace switchboard::learning
