// Trains the text model: one support vector machine for each label, by dual coordinate descent
// (Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", 2008).
//
//   const TextModelData data = TrainTextModel(examples, lexicon, {});
//
// Deterministic: the same examples in the same order give the same bytes.
#pragma once

#include <vector>

#include "common/learning/dataset.h"
#include "services/escalation/text_model.h"

namespace switchboard::escalation {

struct TextTrainOptions {
  // What a message on the wrong side costs beside the weights' squares. F1 of held-out training
  // conversations: .944 at 1, .939 at 0.5.
  double cost = 1;
  int passes_max = 60;
  // Features of fewer messages are left out.
  uint32_t documents_min = 2;
};

TextModelData TrainTextModel(const std::vector<learning::Example>& examples,
                             const learning::Lexicon& lexicon, const TextTrainOptions& options);

}  // namespace switchboard::escalation
