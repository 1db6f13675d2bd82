#include "gateway/grpc_call.h"

#include <boost/system/system_error.hpp>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/observability/log.h"
#include "gateway/problem.h"

namespace switchboard::gateway {
namespace {

std::string_view MetadataOf(const grpc::CallbackServerContext& server, const char* name) {
  const auto& metadata = server.client_metadata();
  const auto found = metadata.find(name);
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

// Time left of the client's deadline; nullopt: it set none.
std::optional<std::chrono::milliseconds> TimeLeft(const grpc::CallbackServerContext& server) {
  const auto deadline = server.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return std::nullopt;
  const auto left = deadline - std::chrono::system_clock::now();
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::duration_cast<std::chrono::milliseconds>(left));
}

}  // namespace

absl::StatusOr<CallContext> ContextOf(grpc::CallbackServerContext* server,
                                      std::chrono::milliseconds limit) {
  CallMetadata metadata;
  if (server->client_metadata().contains("idempotency-key")) {
    metadata.idempotency_key = std::string(MetadataOf(*server, "idempotency-key"));
  }
  metadata.traceparent = MetadataOf(*server, "traceparent");
  metadata.timeout = TimeLeft(*server);
  ASSIGN_OR_RETURN(CallContext context, MakeCallContext(metadata, limit));
  server->AddInitialMetadata("traceparent", context.trace.traceparent());
  server->AddInitialMetadata("x-request-id", context.request_id);
  return context;
}

absl::Status StatusOf(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& cancelled) {
    if (cancelled.code() == asio::error::operation_aborted) {
      return absl::CancelledError("the call was cancelled");
    }
    return absl::InternalError(cancelled.what());
  } catch (const std::exception& exception) {
    return absl::InternalError(exception.what());
  }
}

std::string GrpcCodeName(const absl::Status& status) {
  return absl::StatusCodeToString(status.code());
}

grpc::Status ToGrpc(const absl::Status& status, std::string_view trace_id,
                    grpc::CallbackServerContext* server) {
  if (status.ok()) return grpc::Status::OK;
  const v1::Problem problem = ToProblem(status, trace_id);
  if (problem.status() == 500) {
    log::Error("a request failed", {{"trace_id", trace_id}, {"error", status.ToString()}});
  }
  server->AddTrailingMetadata("switchboard-problem-bin", problem.SerializeAsString());
  if (const int seconds = RetryAfterSeconds(status); seconds > 0) {
    // gRPC's own word for Retry-After: its clients' retry policies obey it.
    server->AddTrailingMetadata("grpc-retry-pushback-ms", StrCat(seconds * 1000));
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), problem.detail());
}

StreamCall::StreamCall(GrpcCalls* calls, std::string_view name, grpc::CallbackServerContext* server,
                       Operation operation)
    : calls_(calls), name_(name), server_(server), operation_(std::move(operation)) {
  asio::post(calls_->io, [this] { Begin(); });
}

void StreamCall::OnWriteDone(bool ok) {
  asio::post(calls_->io, [this, ok] {
    writing_ = false;
    if (!line_.empty()) line_.pop_front();
    if (!ok) broken_ = true;
    Advance();
  });
}

void StreamCall::OnCancel() {
  asio::post(calls_->io, [this] {
    broken_ = true;
    cancel_.emit(asio::cancellation_type::all);
  });
}

void StreamCall::OnDone() {
  asio::post(calls_->io, [this] { delete this; });
}

void StreamCall::Begin() {
  absl::StatusOr<CallContext> context = ContextOf(server_, calls_->turn_timeout);
  if (!context.ok()) return End(context.status());
  context_ = *std::move(context);
  Sink sink = [this](const v1::TurnEvent& event) {
    v1::StreamReply item;
    *item.mutable_event() = event;
    Push(std::move(item));
  };
  asio::co_spawn(
      calls_->io, operation_(context_, std::move(sink)),
      asio::bind_cancellation_slot(
          cancel_.slot(), [this](std::exception_ptr error, absl::StatusOr<v1::TurnReply> reply) {
            if (error) reply = StatusOf(error);
            if (reply.ok()) {
              v1::StreamReply item;
              *item.mutable_final() = *std::move(reply);
              Push(std::move(item));
              return End(absl::OkStatus());
            }
            End(reply.status());
          }));
}

void StreamCall::Push(v1::StreamReply item) {
  line_.push_back(std::move(item));
  if (!writing_) Advance();
}

void StreamCall::End(absl::Status status) {
  calls_->metrics.Record(name_, GrpcCodeName(status), Clock::now() - begin_);
  ended_ = true;
  status_ = std::move(status);
  if (!writing_) Advance();
}

void StreamCall::Advance() {
  if (!line_.empty() && !broken_) {
    writing_ = true;
    StartWrite(&line_.front());
  } else if (ended_) {
    ended_ = false;  // Finish may be called once only
    Finish(ToGrpc(status_, context_.trace.trace_id, server_));
  }
}

}  // namespace switchboard::gateway
