// Checks a message against the field rules of the contract (annotations.proto).
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"

namespace switchboard::runtime {

// Ok, or InvalidArgument for the first field at fault, with field path and remedy
// (common/base/fault.h). Nested messages are checked too. Strings are well-formed UTF-8 already:
// protobuf refuses others.
absl::Status Validate(const google::protobuf::Message& message);

}  // namespace switchboard::runtime
