// Inputs of the targets that ask an agent. The first line says how the rest is written:
//
//   text            the message in protobuf's text format, which people read and the mutator writes
//   json            as an operator writes it by hand
//   binary          as it crosses the bus
//
// Decoding goes the way of common/runtime/endpoint: what protobuf refuses (malformed UTF-8 among
// it) never reaches a handler, and neither does what breaks a field rule of the contract.
#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.h"

namespace switchboard::fuzz {

// False: the runtime would have refused it.
bool DecodeRequest(std::string_view input, google::protobuf::Message* request);

// The message alone, without the field rules: what comes out of a stream or a bucket.
bool DecodeMessage(std::string_view input, google::protobuf::Message* message);

// A libFuzzer mutator that knows the message's fields: sets, clears, adds, repeats and moves them,
// and changes strings as text. The outcome is written as `text`. Inputs that are no message, and
// one in eight of the others, are changed as bytes.
size_t MutateMessage(google::protobuf::Message* scratch, uint8_t* data, size_t size,
                     size_t size_max, unsigned seed);

}  // namespace switchboard::fuzz

// In a target's file, at global scope.
#define FUZZ_MUTATE_AS(Type)                                                        \
  extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max, \
                                            unsigned seed) {                        \
    Type scratch;                                                                   \
    return switchboard::fuzz::MutateMessage(&scratch, data, size, max, seed);       \
  }
