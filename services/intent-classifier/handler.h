// The verb `classify`: what a customer wants, in which language, and what the message names.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/runtime/context.h"
#include "services/intent-classifier/classifier.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::intent_classifier {

class Handler {
 public:
  explicit Handler(std::shared_ptr<Classifier> classifier) : classifier_(std::move(classifier)) {}

  // InvalidArgument when the text is not UTF-8; the runtime has checked the rest.
  absl::StatusOr<v1::ClassifyReply> operator()(const runtime::Context& context,
                                               const v1::ClassifyRequest& request) const;

 private:
  std::shared_ptr<Classifier> classifier_;
};

// "intent=ORDER_STATUS 0.97 lang=en"
std::string Summarize(const v1::ClassifyReply& reply);

}  // namespace switchboard::intent_classifier
