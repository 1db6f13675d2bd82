// Messages as JSON text with the fields' own names.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace switchboard::cli {

enum class JsonStyle { kOneLine, kIndented };

// Every field is written, also zeros. "{}" for a message that JSON cannot hold.
std::string ToJson(const google::protobuf::Message& message, JsonStyle style = JsonStyle::kOneLine);

}  // namespace switchboard::cli
