#include "services/intent-classifier/handler.h"

#include <cstdio>

#include "common/base/fault.h"
#include "common/base/text.h"

namespace switchboard::intent_classifier {

absl::StatusOr<v1::ClassifyReply> Handler::operator()(const runtime::Context&,
                                                      const v1::ClassifyRequest& request) const {
  const std::string& text = request.text();
  if (!IsValidUtf8(text)) return InvalidField("text", "is not valid UTF-8", "send UTF-8 text");
  const Classification result = classifier_->Classify(text);

  v1::ClassifyReply reply;
  for (const learning::Prediction& prediction : result.intents) {
    v1::Intent* intent = reply.add_intents();
    intent->set_name(std::string(prediction.label));
    intent->set_confidence(prediction.confidence);
  }
  reply.set_language(std::string(result.language.code));
  reply.set_language_confidence(result.language.confidence);
  for (const FoundEntity& found : result.entities) {
    v1::Entity* entity = reply.add_entities();
    entity->set_type(std::string(found.type));
    entity->set_text(text.substr(found.begin, found.end - found.begin));
    entity->set_value(found.value);
    entity->set_begin(found.begin);
    entity->set_end(found.end);
  }
  return reply;
}

std::string Summarize(const v1::ClassifyReply& reply) {
  if (reply.intents().empty()) return "";
  char confidence[16];
  std::snprintf(confidence, sizeof confidence, "%.2f", reply.intents(0).confidence());
  return "intent=" + reply.intents(0).name() + " " + confidence + " lang=" + reply.language();
}

}  // namespace switchboard::intent_classifier
