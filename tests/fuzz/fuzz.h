// What every fuzz target is built on. A target is one file with one function, libFuzzer's
// LLVMFuzzerTestOneInput: it feeds bytes to a part of the product and demands of the outcome what
// must hold whatever the bytes were.
//
//   extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
//     const auto rules = critic::Policies::Parse(fuzz::Text(data, size));
//     FUZZ_DEMAND(rules.ok() || !rules.status().message().empty());
//     return 0;
//   }
//
// Run from the project's root: targets read the agents' data files.
#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/base/asio.h"

// Ends the run with the demand that failed; the input is kept by whoever drives the target.
#define FUZZ_DEMAND(condition) \
  ((condition) ? (void)0 : ::switchboard::fuzz::Fail(__FILE__, __LINE__, #condition))

namespace switchboard::fuzz {

[[noreturn]] void Fail(const char* file, int line, const char* demand);

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What begins `input` up to the end of its first line; `input` keeps the rest.
std::string_view TakeLine(std::string_view* input);

// The contents of a file of the project; ends the run when there is none.
std::string ReadProjectFile(const std::string& path);

// A JSON file of the project with a merge patch (RFC 7396) on it, so that a small input reaches
// what stands behind a large file's other checks; the patch itself when it is no JSON.
std::string Patched(const std::string& path, std::string_view patch);

// Every string of a reply is UTF-8, every number finite, and it survives the wire.
void DemandSound(const google::protobuf::Message& reply);

// An error has a message in UTF-8, and when the caller is to blame one that names its field.
void DemandSound(const absl::Status& error);

// Runs a coroutine that waits for nothing outside the process.
template <typename T>
T RunNow(asio::io_context& io, Awaitable<T> task) {
  std::optional<T> result;
  std::exception_ptr failure;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
    failure = error;
    result.emplace(std::move(value));
  });
  io.restart();
  io.run();
  FUZZ_DEMAND(failure == nullptr);
  FUZZ_DEMAND(result.has_value());
  return *std::move(result);
}

}  // namespace switchboard::fuzz
