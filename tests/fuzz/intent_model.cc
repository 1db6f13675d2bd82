// intent-classifier: the bytes of a model file to a model, or to a reason why not. Each input is
// also tried with the checksum that belongs to it, or none would come further than that.
#include <cmath>

#include "common/base/id.h"
#include "common/learning/model.h"
#include "tests/fuzz/fuzz.h"

namespace switchboard::learning {
namespace {

constexpr size_t kChecksumLength = 64;

void Examine(std::string_view bytes) {
  const auto model = Model::Parse(bytes);
  if (!model.ok()) {
    FUZZ_DEMAND(!model.status().message().empty());
    return;
  }
  Scratch scratch;
  for (const char* message : {"where is my order 10452", "remboursez-moi, et annulez tout", ""}) {
    double last = 1;
    for (const Prediction& prediction : model->Classify(message, scratch)) {
      FUZZ_DEMAND(prediction.confidence >= 0 && prediction.confidence <= last);
      last = prediction.confidence;
    }
  }
}

}  // namespace
}  // namespace switchboard::learning

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace switchboard;  // NOLINT: libFuzzer calls a C function
  std::string bytes(fuzz::Text(data, size));
  learning::Examine(bytes);
  if (size > learning::kChecksumLength) {
    bytes.resize(size - learning::kChecksumLength);
    bytes += Sha256Hex(bytes);
    learning::Examine(bytes);
  }
  return 0;
}
