// intent-classifier: a ClassifyRequest to its reply, with a small model whose every weight path is
// taken.
#include <google/protobuf/text_format.h>

#include <cmath>

#include "services/intent-classifier/handler.h"
#include "tests/fuzz/intent_model.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

using namespace intent_classifier;  // NOLINT: the target is about this agent

const Handler& TheHandler() {
  static const auto* handler = [] {
    const std::string folder = "services/intent-classifier/";
    auto classifier = Classifier::Make(SerializeModel(fuzz::SmallModel()),
                                       fuzz::ReadProjectFile(folder + "languages.json"),
                                       fuzz::ReadProjectFile(folder + "entities.json"));
    FUZZ_DEMAND(classifier.ok());
    return new Handler(std::make_shared<Classifier>(*std::move(classifier)));
  }();
  return *handler;
}

void Examine(const v1::ClassifyRequest& request) {
  const auto reply = TheHandler()(runtime::Context(), request);
  FUZZ_DEMAND(reply.ok());
  fuzz::DemandSound(*reply);
  FUZZ_DEMAND(reply->intents_size() >= 1 && reply->intents_size() <= 5);
  double last = 1;
  for (const v1::Intent& intent : reply->intents()) {
    FUZZ_DEMAND(!intent.name().empty());
    FUZZ_DEMAND(intent.confidence() >= 0 && intent.confidence() <= last);
    last = intent.confidence();
  }
  FUZZ_DEMAND(!reply->language().empty());
  FUZZ_DEMAND(reply->language_confidence() >= 0 && reply->language_confidence() <= 1);
  uint32_t end = 0;
  for (const v1::Entity& entity : reply->entities()) {
    FUZZ_DEMAND(entity.begin() >= end && entity.begin() < entity.end());
    end = entity.end();
    FUZZ_DEMAND(end <= request.text().size());
    FUZZ_DEMAND(request.text().substr(entity.begin(), end - entity.begin()) == entity.text());
    FUZZ_DEMAND(!entity.type().empty() && !entity.value().empty());
  }
  FUZZ_DEMAND(!Summarize(*reply).empty());
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::ClassifyRequest)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::ClassifyRequest request;
  if (switchboard::fuzz::DecodeRequest(switchboard::fuzz::Text(data, size), &request)) {
    switchboard::Examine(request);
  }
  return 0;
}
