#include "services/response-generator/embedded_generator.h"

namespace switchboard::response_generator {

Awaitable<absl::StatusOr<v1::GenerateReply>> EmbeddedGenerator::Generate(
    v1::GenerateRequest request, Deadline /*deadline*/, Emit emit) {
  v1::GenerateReply reply = answerer_.Answer(request);
  if (emit) {
    v1::GenerateChunk chunk;
    for (int i = 0; i < reply.sentences_size(); ++i) {
      chunk.set_sentence(reply.sentences(i));
      chunk.set_index(static_cast<uint32_t>(i));
      emit(chunk);
    }
  }
  co_return reply;
}

}  // namespace switchboard::response_generator
