#include "services/escalation/text_model.h"

#include <algorithm>
#include <cstring>

#include "common/base/id.h"
#include "common/base/strings.h"

namespace switchboard::escalation {
namespace {

// The file: this line with the features' revision, labels and lexicon as length and bytes, then
// label count floats of bias, the weights' step, the number of rows, rows of slot, idf and one
// 16-bit weight for each label; the bytes' SHA-256 in hexadecimal. Numbers as this machine has
// them: the build makes the file where it is read.
constexpr std::string_view kFormat = "switchboard escalation text model 1\n";
constexpr size_t kChecksumSize = 64;
constexpr float kStepsMax = 32000;

template <typename T>
void Put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void PutText(std::string& out, std::string_view text) {
  Put(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

// Every read after one that does not fit fails too.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Take() {
    T value = {};
    if (rest_.size() < sizeof(T)) {
      good_ = false;
      rest_ = {};
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view TakeText() {
    const auto size = Take<uint32_t>();
    if (size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  bool good() const { return good_; }
  size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string SerializeTextModel(const TextModelData& data) {
  std::string out(kFormat);
  Put(out, learning::kFeatureRevision);
  PutText(out, StrJoin(data.labels, "\n"));
  PutText(out, data.lexicon.Serialize());
  for (const float bias : data.bias) Put(out, bias);
  float largest = 1e-6f;
  for (const auto& row : data.rows) {
    for (const float weight : row.weights) largest = std::max(largest, std::abs(weight));
  }
  const float scale = largest / kStepsMax;
  Put(out, scale);
  Put(out, static_cast<uint32_t>(data.rows.size()));
  for (const auto& row : data.rows) {
    Put(out, row.slot);
    Put(out, row.idf);
    for (const float weight : row.weights) {
      Put(out, static_cast<int16_t>(std::lround(weight / scale)));
    }
  }
  return out + Sha256Hex(out);
}

absl::StatusOr<TextModel> TextModel::Parse(std::string_view bytes) {
  if (bytes.substr(0, kFormat.size()) != kFormat) {
    return absl::FailedPreconditionError("no escalation text model of this format");
  }
  if (bytes.size() < kFormat.size() + kChecksumSize ||
      Sha256Hex(bytes.substr(0, bytes.size() - kChecksumSize)) !=
          bytes.substr(bytes.size() - kChecksumSize)) {
    return absl::DataLossError("the text model is damaged: its checksum is wrong");
  }
  bytes.remove_suffix(kChecksumSize);
  Cursor cursor(bytes.substr(kFormat.size()));
  if (cursor.Take<uint32_t>() != learning::kFeatureRevision) {
    return absl::FailedPreconditionError("the text model was trained on other features");
  }
  TextModel model;
  for (const std::string_view label : StrSplit(cursor.TakeText(), '\n')) {
    model.labels_.emplace_back(label);
  }
  model.lexicon_ = learning::Lexicon::Parse(cursor.TakeText());
  for (size_t i = 0; i < model.labels_.size(); ++i) model.bias_.push_back(cursor.Take<float>());
  model.scale_ = cursor.Take<float>();
  const auto rows = cursor.Take<uint32_t>();
  const size_t row_size = sizeof(uint32_t) + sizeof(float) + 2 * model.labels_.size();
  if (!cursor.good() || cursor.left() != rows * row_size) {
    return absl::DataLossError("the text model does not have the length it says");
  }
  model.idf_.assign(learning::kSlotCount, 0);
  model.row_.assign(learning::kSlotCount, 0);
  for (uint32_t row = 0; row < rows; ++row) {
    const auto slot = cursor.Take<uint32_t>();
    if (slot >= learning::kSlotCount) return absl::DataLossError("the text model has a bad slot");
    model.idf_[slot] = cursor.Take<float>();
    model.row_[slot] = row;
    for (size_t i = 0; i < model.labels_.size(); ++i) {
      model.weights_.push_back(cursor.Take<int16_t>());
    }
  }
  return model;
}

void TextModel::Score(std::string_view message, Scratch& scratch) const {
  scratch.extractor.Extract(message, lexicon_, scratch.keys);
  const size_t labels = labels_.size();
  scratch.scores.assign(labels, 0);
  WeighFeatures(
      scratch.keys, [this](uint32_t slot) { return idf_[slot]; },
      [&](uint32_t slot, float value) {
        const int16_t* weights = &weights_[row_[slot] * labels];
        const float step = value * scale_;
        for (size_t i = 0; i < labels; ++i) {
          scratch.scores[i] += step * static_cast<float>(weights[i]);
        }
      });
  for (size_t i = 0; i < labels; ++i) scratch.scores[i] += bias_[i];
}

}  // namespace switchboard::escalation
