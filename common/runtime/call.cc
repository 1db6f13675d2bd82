#include "common/runtime/call.h"

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::runtime {

std::string AgentSubject(std::string_view agent, std::string_view verb) {
  return StrCat("mesh.agent.", agent, ".", verb);
}

absl::Status ReplyStatus(const bus::Message& reply) {
  const std::string_view error = reply.Header(kHeaderError);
  const std::string_view name = reply.Header(kHeaderStatus);
  if (error.empty() && name.empty()) return absl::OkStatus();
  absl::Status status(StatusCodeFromString(name), ToAbsl(error));
  status = WithField(std::move(status), reply.Header(kHeaderField));
  status = WithRemedy(std::move(status), reply.Header(kHeaderRemedy));
  int retry_after_ms = 0;
  (void)SimpleAtoi(reply.Header(kHeaderRetryAfter), &retry_after_ms);
  return WithRetryAfterMs(std::move(status), retry_after_ms);
}

std::string Encode(const google::protobuf::Message& message) { return message.SerializeAsString(); }

absl::Status DecodeInto(const absl::StatusOr<bus::Message>& message,
                        google::protobuf::Message* reply) {
  RETURN_IF_ERROR(message.status());
  RETURN_IF_ERROR(ReplyStatus(*message));
  const std::string_view bytes = message->payload();
  if (reply->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return absl::OkStatus();
  return absl::InternalError(StrCat("the reply is not a ", reply->GetTypeName()));
}

}  // namespace switchboard::runtime
