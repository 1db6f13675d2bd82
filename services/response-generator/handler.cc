#include "services/response-generator/handler.h"

#include "common/base/strings.h"

namespace switchboard::response_generator {
namespace {

std::string Counted(int count, std::string_view noun) {
  return StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace

Awaitable<absl::StatusOr<v1::GenerateReply>> HandleGenerate(
    std::shared_ptr<Generator> generator, runtime::Context context, v1::GenerateRequest request,
    runtime::Emitter<v1::GenerateChunk> emitter) {
  Generator::Emit emit;
  if (request.stream()) {
    emit = [emitter](const v1::GenerateChunk& chunk) { emitter.Emit(chunk); };
  }
  absl::StatusOr<v1::GenerateReply> reply =
      co_await generator->Generate(std::move(request), context.deadline, std::move(emit));
  co_return reply;
}

std::string Summary(const v1::GenerateReply& reply) {
  return StrCat(Counted(reply.sentences_size(), "sentence"), ", ",
                Counted(reply.citations_size(), "citation"), ", ",
                reply.answered() ? "answered" : "not answered");
}

void RegisterVerbs(runtime::Agent& agent, std::shared_ptr<Generator> generator) {
  agent.HandleStream<v1::GenerateRequest, v1::GenerateChunk, v1::GenerateReply>(
      "generate",
      [generator](runtime::Context context, v1::GenerateRequest request,
                  runtime::Emitter<v1::GenerateChunk> emitter) {
        return HandleGenerate(generator, std::move(context), std::move(request),
                              std::move(emitter));
      },
      Summary);
}

}  // namespace switchboard::response_generator
