// All that is understood of one message: intents, language, entities.
//
//   ASSIGN_OR_RETURN(Classifier classifier, Classifier::Make(model_bytes, languages_json,
//   entities_json)); classifier.Classify("where is my order 10452?").intents.front().label   //
//   ORDER_STATUS
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/learning/model.h"
#include "services/intent-classifier/entities.h"
#include "services/intent-classifier/language.h"

namespace switchboard::intent_classifier {

struct Classification {
  std::vector<learning::Prediction> intents;  // never empty; the first is the decision
  Language language;
  std::vector<FoundEntity> entities;
};

// Reuses its buffers from call to call: one for each thread. The results' string views live as long
// as the classifier.
class Classifier {
 public:
  // The contents of the three files; an error names the file that is wrong.
  static absl::StatusOr<Classifier> Make(std::string_view model, std::string_view languages_json,
                                         std::string_view entities_json);

  Classification Classify(std::string_view message);

  // What was classified before must not be looked at any more.
  void Replace(learning::Model model) { model_ = std::move(model); }

 private:
  Classifier(learning::Model model, LanguageDetector languages, EntityFinder entities)
      : model_(std::move(model)),
        languages_(std::move(languages)),
        entities_(std::move(entities)) {}

  learning::Model model_;
  LanguageDetector languages_;
  EntityFinder entities_;
  learning::Scratch scratch_;
};

}  // namespace switchboard::intent_classifier
