// The verb `generate`.
#pragma once

#include <memory>
#include <string>

#include "common/runtime/agent.h"
#include "services/response-generator/generator.h"

namespace switchboard::response_generator {

// Answers a request; sends its sentences first when `request.stream` is set.
Awaitable<absl::StatusOr<v1::GenerateReply>> HandleGenerate(
    std::shared_ptr<Generator> generator, runtime::Context context, v1::GenerateRequest request,
    runtime::Emitter<v1::GenerateChunk> emitter);

// "3 sentences, 2 citations, answered"
std::string Summary(const v1::GenerateReply& reply);

void RegisterVerbs(runtime::Agent& agent, std::shared_ptr<Generator> generator);

}  // namespace switchboard::response_generator
