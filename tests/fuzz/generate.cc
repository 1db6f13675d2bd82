// response-generator: a GenerateRequest to its answer, with the real words and templates.
#include "services/response-generator/load.h"
#include "tests/fuzz/message_input.h"

namespace switchboard {
namespace {

const response_generator::Answerer& TheAnswerer() {
  static const auto* answerer = [] {
    auto loaded =
        response_generator::LoadAnswerer("services/response-generator/data", "Juniper & Pine");
    FUZZ_DEMAND(loaded.ok());
    return new response_generator::Answerer(*std::move(loaded));
  }();
  return *answerer;
}

void Examine(const v1::GenerateRequest& request) {
  const v1::GenerateReply reply = TheAnswerer().Answer(request);
  fuzz::DemandSound(reply);
  FUZZ_DEMAND(reply.sentences_size() > 0);
  for (const std::string& sentence : reply.sentences()) FUZZ_DEMAND(!sentence.empty());
  FUZZ_DEMAND(!reply.language().empty());
  // Words that may save a life open the answer.
  if (!request.immediate_words().empty()) {
    FUZZ_DEMAND(reply.sentences(0).find(request.immediate_words()) != std::string::npos);
  }
  FUZZ_DEMAND(TheAnswerer().Answer(request).SerializeAsString() == reply.SerializeAsString());
}

}  // namespace
}  // namespace switchboard

FUZZ_MUTATE_AS(switchboard::v1::GenerateRequest)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  switchboard::v1::GenerateRequest request;
  if (switchboard::fuzz::DecodeRequest(switchboard::fuzz::Text(data, size), &request)) {
    switchboard::Examine(request);
  }
  return 0;
}
