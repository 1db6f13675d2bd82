// Typed requests to agents.
//
//   absl::StatusOr<v1::SearchReply> found = co_await Call<v1::SearchReply>(
//       bus, "critic-supervisor", AgentSubject("knowledge-retrieval", "search"), context, request);
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

// Sends `payload` until context.deadline and decodes into `reply`.
Awaitable<absl::Status> CallRaw(bus::Connection& connection, std::string sender,
                                std::string subject, Context context, std::string type,
                                std::string payload, google::protobuf::Message* reply);

template <typename Reply, typename Request>
Awaitable<absl::StatusOr<Reply>> Call(bus::Connection& connection, std::string sender,
                                      std::string subject, Context context, Request request) {
  Reply reply;
  absl::Status status =
      co_await CallRaw(connection, std::move(sender), std::move(subject), std::move(context),
                       request.GetTypeName(), Encode(request), &reply);
  if (!status.ok()) co_return status;
  co_return reply;
}

}  // namespace switchboard::runtime
