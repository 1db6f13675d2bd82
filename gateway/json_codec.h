// JSON to public messages and back, by protobuf's JSON mapping with the fields' own (snake_case)
// names.
//
// protobuf's json_util does the same but cannot name the field at fault, and costs several times
// more, as it goes over the wire format (gateway/README.md has the figures). Requests are read
// strictly: a wrong type or an unknown field is an InvalidArgument that names it, so a typing error
// never looks like a default. Replies always hold every field: an empty one as "", 0, [] or, for a
// message, null.
//
//   v1::InvokeRequest request;
//   RETURN_IF_ERROR(DecodeJson(body, &request));
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace switchboard::gateway {

// Deeper objects and lists are refused: no request needs them, and readers recurse.
inline constexpr int kJsonDepthMax = 32;

enum class UnknownFields { kReject, kIgnore };

// One JSON object. Errors name `body` and say where: not UTF-8, nested too deeply, broken, no
// object.
absl::StatusOr<nlohmann::json> ParseJsonObject(std::string_view body);

// ParseJsonObject into `message`. An empty body is an empty object.
absl::Status DecodeJson(std::string_view body, google::protobuf::Message* message,
                        UnknownFields unknown = UnknownFields::kReject);

// Query parameters into the scalar and Timestamp fields of `message`.
absl::Status DecodeQuery(const std::vector<std::pair<std::string, std::string>>& query,
                         google::protobuf::Message* message);

std::string EncodeJson(const google::protobuf::Message& message);

// Free JSON: what an agent is asked and answers. InvalidArgument when `json` is no object.
absl::Status DecodeStruct(std::string_view json, google::protobuf::Struct* out);

}  // namespace switchboard::gateway
