// What requests and replies between agents look like; Caller (caller.h) sends them.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/bus/connection.h"
#include "common/runtime/context.h"

namespace switchboard::runtime {

// mesh.agent.<agent>.<verb>
std::string AgentSubject(std::string_view agent, std::string_view verb);

// The error a reply carries in its headers, or Ok. Tells an error of the agent's own (it answered)
// from one of the transport.
absl::Status ReplyStatus(const bus::Message& reply);

// Bytes of a request as they go out.
std::string Encode(const google::protobuf::Message& message);

// Decodes into `reply`, or gives the error back that came instead.
absl::Status DecodeInto(const absl::StatusOr<bus::Message>& message,
                        google::protobuf::Message* reply);

template <typename Reply>
absl::StatusOr<Reply> DecodeReply(const absl::StatusOr<bus::Message>& message) {
  Reply reply;
  absl::Status status = DecodeInto(message, &reply);
  if (!status.ok()) return status;
  return reply;
}

}  // namespace switchboard::runtime
