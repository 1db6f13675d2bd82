// The generator without a language model: Answerer behind the Generator interface. Never waits.
#pragma once

#include "services/response-generator/answerer.h"
#include "services/response-generator/generator.h"

namespace switchboard::response_generator {

class EmbeddedGenerator : public Generator {
 public:
  explicit EmbeddedGenerator(Answerer answerer) : answerer_(std::move(answerer)) {}

  Awaitable<absl::StatusOr<v1::GenerateReply>> Generate(v1::GenerateRequest request,
                                                        Deadline deadline, Emit emit) override;

 private:
  const Answerer answerer_;
};

}  // namespace switchboard::response_generator
