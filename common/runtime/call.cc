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

Awaitable<absl::Status> CallRaw(bus::Connection& connection, std::string sender,
                                std::string subject, Context context, std::string type,
                                std::string payload, google::protobuf::Message* reply) {
  if (context.deadline.expired()) {
    co_return absl::DeadlineExceededError("the deadline had passed before the request was sent");
  }
  bus::Headers headers = RequestHeaders(context, type, sender);
  absl::StatusOr<bus::Message> answer = co_await connection.Request(
      std::move(subject), std::move(headers), std::move(payload), context.deadline);
  if (!answer.ok()) co_return answer.status();
  absl::Status status = ReplyStatus(*answer);
  if (!status.ok()) co_return status;
  const std::string_view bytes = answer->payload();
  if (!reply->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    co_return absl::InternalError(StrCat("the reply is not a ", reply->GetTypeName()));
  }
  co_return absl::OkStatus();
}

}  // namespace switchboard::runtime
