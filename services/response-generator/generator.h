// What writes answers. The embedded generator needs nothing outside the process; a language model's
// provider will stand beside it behind the same interface.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/base/asio.h"
#include "common/base/deadline.h"
#include "switchboard/v1/agents.pb.h"

namespace switchboard::response_generator {

class Generator {
 public:
  // Takes a sentence as soon as it is ready; empty when the caller did not ask for a stream.
  using Emit = std::function<void(const v1::GenerateChunk&)>;

  // Runs on the agent's loop and ends by `deadline`. The chunks, in order, are the reply's
  // sentences. DeadlineExceeded, Unavailable: no answer could be had; the caller may try again.
  virtual Awaitable<absl::StatusOr<v1::GenerateReply>> Generate(v1::GenerateRequest request,
                                                                Deadline deadline, Emit emit) = 0;
  virtual ~Generator() = default;
};

}  // namespace switchboard::response_generator
