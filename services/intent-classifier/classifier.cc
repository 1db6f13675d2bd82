#include "services/intent-classifier/classifier.h"

#include <string>

namespace switchboard::intent_classifier {
namespace {

absl::Status In(const char* file, const absl::Status& status) {
  return absl::Status(status.code(), std::string(file) + ": " + std::string(status.message()));
}

}  // namespace

absl::StatusOr<Classifier> Classifier::Make(std::string_view model, std::string_view languages_json,
                                            std::string_view entities_json) {
  absl::StatusOr<learning::Model> parsed = learning::Model::Parse(model);
  if (!parsed.ok()) return In("intent model", parsed.status());
  absl::StatusOr<LanguageDetector> languages = LanguageDetector::FromJson(languages_json);
  if (!languages.ok()) return In("languages.json", languages.status());
  absl::StatusOr<EntityFinder> entities = EntityFinder::FromJson(entities_json);
  if (!entities.ok()) return In("entities.json", entities.status());
  return Classifier(*std::move(parsed), *std::move(languages), *std::move(entities));
}

Classification Classifier::Classify(std::string_view message) {
  return {model_.Classify(message, scratch_), languages_.Detect(message), entities_.Find(message)};
}

}  // namespace switchboard::intent_classifier
