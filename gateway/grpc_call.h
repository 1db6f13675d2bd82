// The life of one gRPC call on two kinds of threads.
//
// gRPC creates the reactor and calls On…() on its own threads; those only post. Everything else
// runs on the loop: the operation, Finish, the deletion. The order holds because OnDone comes after
// everything else, and posts are run in the order they were made.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <deque>
#include <exception>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/asio.h"
#include "gateway/call_context.h"
#include "gateway/request_metrics.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::gateway {

// What every call of a server shares.
struct GrpcCalls {
  asio::io_context& io;
  const std::chrono::milliseconds turn_timeout;
  RequestMetrics metrics{"grpc"};
};

// The call's metadata, checked. Also puts traceparent and x-request-id into the reply's metadata.
absl::StatusOr<CallContext> ContextOf(grpc::CallbackServerContext* server,
                                      std::chrono::milliseconds limit);

// The same code and message; the Problem goes into the trailer `switchboard-problem-bin`.
grpc::Status ToGrpc(const absl::Status& status, std::string_view trace_id,
                    grpc::CallbackServerContext* server);

// "OK", "NOT_FOUND" … as metrics label it.
std::string GrpcCodeName(const absl::Status& status);

// What an exception out of an operation means: Cancelled when the call was, else Internal.
absl::Status StatusOf(std::exception_ptr error);

template <typename Reply>
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  using Operation = std::function<Awaitable<absl::StatusOr<Reply>>(CallContext)>;

  // `name`: of the operation, for metrics. `reply` and `server` live until OnDone.
  UnaryCall(GrpcCalls* calls, std::string_view name, grpc::CallbackServerContext* server,
            Reply* reply, Operation operation)
      : calls_(calls),
        name_(name),
        server_(server),
        reply_(reply),
        operation_(std::move(operation)) {
    asio::post(calls_->io, [this] { Begin(); });
  }

  void OnCancel() override {
    asio::post(calls_->io, [this] { cancel_.emit(asio::cancellation_type::all); });
  }
  void OnDone() override {
    asio::post(calls_->io, [this] { delete this; });
  }

 private:
  void Begin() {
    absl::StatusOr<CallContext> context = ContextOf(server_, calls_->turn_timeout);
    if (!context.ok()) return End(context.status());
    context_ = *std::move(context);
    asio::co_spawn(
        calls_->io, operation_(context_),
        asio::bind_cancellation_slot(cancel_.slot(),
                                     [this](std::exception_ptr error, absl::StatusOr<Reply> reply) {
                                       if (error) reply = StatusOf(error);
                                       if (reply.ok()) reply_->Swap(&*reply);
                                       End(reply.status());
                                     }));
  }
  void End(const absl::Status& status) {
    calls_->metrics.Record(name_, GrpcCodeName(status), Clock::now() - begin_);
    Finish(ToGrpc(status, context_.trace.trace_id, server_));
  }

  GrpcCalls* const calls_;
  const std::string_view name_;
  grpc::CallbackServerContext* const server_;
  Reply* const reply_;
  const Operation operation_;
  const Clock::time_point begin_ = Clock::now();
  CallContext context_;
  asio::cancellation_signal cancel_;
};

// A turn with its events. One write is under way at a time; the rest wait in line, bounded by the
// events that a turn can have (bus::ReplyStream::kBufferedRepliesMax).
class StreamCall : public grpc::ServerWriteReactor<v1::StreamReply> {
 public:
  using Sink = std::function<void(const v1::TurnEvent&)>;
  using Operation = std::function<Awaitable<absl::StatusOr<v1::TurnReply>>(CallContext, Sink)>;

  StreamCall(GrpcCalls* calls, std::string_view name, grpc::CallbackServerContext* server,
             Operation operation);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Begin();
  void End(absl::Status status);
  void Push(v1::StreamReply item);
  // Starts the next write, or finishes when all is written and the turn has ended.
  void Advance();

  GrpcCalls* const calls_;
  const std::string_view name_;
  grpc::CallbackServerContext* const server_;
  const Operation operation_;
  const Clock::time_point begin_ = Clock::now();
  CallContext context_;
  asio::cancellation_signal cancel_;
  std::deque<v1::StreamReply> line_;  // the front is being written while writing_
  bool writing_ = false;
  bool broken_ = false;  // the client is gone: nothing more is written
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace switchboard::gateway
