#include "gateway/grpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "common/base/strings.h"
#include "gateway/grpc_call.h"
#include "gateway/json_codec.h"
#include "switchboard/v1/switchboard.grpc.pb.h"

namespace switchboard::gateway {
namespace {

Awaitable<absl::StatusOr<v1::CallAgentReply>> CallAgentWithStruct(Operations* operations,
                                                                  CallContext context,
                                                                  v1::CallAgentRequest request) {
  std::string json = EncodeJson(request.request());
  absl::StatusOr<std::string> answer = co_await operations->CallAgent(
      std::move(context), request.agent(), request.verb(), std::move(json));
  if (!answer.ok()) co_return answer.status();
  v1::CallAgentReply reply;
  absl::Status decoded = DecodeStruct(*answer, reply.mutable_reply());
  if (!decoded.ok()) co_return absl::InternalError("the agent's reply is no JSON object");
  co_return reply;
}

class Service : public v1::Switchboard::CallbackService {
 public:
  Service(GrpcCalls* calls, Operations* operations) : calls_(calls), operations_(operations) {}

  grpc::ServerUnaryReactor* CreateConversation(grpc::CallbackServerContext* server,
                                               const v1::CreateConversationRequest* request,
                                               v1::ConversationView* reply) override {
    return new UnaryCall<v1::ConversationView>(
        calls_, "create_conversation", server, reply, [this, request](CallContext context) {
          return operations_->CreateConversation(std::move(context), *request);
        });
  }

  grpc::ServerUnaryReactor* GetConversation(grpc::CallbackServerContext* server,
                                            const v1::GetConversationRequest* request,
                                            v1::ConversationView* reply) override {
    return new UnaryCall<v1::ConversationView>(
        calls_, "get_conversation", server, reply, [this, request](CallContext context) {
          return operations_->GetConversation(std::move(context), *request);
        });
  }

  grpc::ServerUnaryReactor* SendMessage(grpc::CallbackServerContext* server,
                                        const v1::SendMessageRequest* request,
                                        v1::TurnReply* reply) override {
    return new UnaryCall<v1::TurnReply>(
        calls_, "send_message", server, reply, [this, request](CallContext context) {
          return operations_->SendMessage(std::move(context), *request, nullptr);
        });
  }

  grpc::ServerWriteReactor<v1::StreamReply>* StreamMessage(
      grpc::CallbackServerContext* server, const v1::SendMessageRequest* request) override {
    return new StreamCall(calls_, "send_message_stream", server,
                          [this, request](CallContext context, EventSink sink) {
                            return operations_->SendMessage(std::move(context), *request,
                                                            std::move(sink));
                          });
  }

  grpc::ServerUnaryReactor* Invoke(grpc::CallbackServerContext* server,
                                   const v1::InvokeRequest* request,
                                   v1::TurnReply* reply) override {
    return new UnaryCall<v1::TurnReply>(
        calls_, "invoke", server, reply, [this, request](CallContext context) {
          return operations_->Invoke(std::move(context), *request, nullptr);
        });
  }

  grpc::ServerWriteReactor<v1::StreamReply>* InvokeStream(
      grpc::CallbackServerContext* server, const v1::InvokeRequest* request) override {
    return new StreamCall(
        calls_, "invoke_stream", server, [this, request](CallContext context, EventSink sink) {
          return operations_->Invoke(std::move(context), *request, std::move(sink));
        });
  }

  grpc::ServerUnaryReactor* SubmitTurn(grpc::CallbackServerContext* server,
                                       const v1::InvokeRequest* request,
                                       v1::TurnStatus* reply) override {
    return new UnaryCall<v1::TurnStatus>(
        calls_, "submit_turn", server, reply, [this, request](CallContext context) {
          return operations_->SubmitTurn(std::move(context), *request);
        });
  }

  grpc::ServerUnaryReactor* GetTurn(grpc::CallbackServerContext* server,
                                    const v1::GetTurnRequest* request,
                                    v1::TurnStatus* reply) override {
    return new UnaryCall<v1::TurnStatus>(
        calls_, "get_turn", server, reply, [this, request](CallContext context) {
          return operations_->GetTurn(std::move(context), *request, false);
        });
  }

  grpc::ServerUnaryReactor* SubmitFeedback(grpc::CallbackServerContext* server,
                                           const v1::FeedbackRequest* request,
                                           v1::FeedbackReply* reply) override {
    return new UnaryCall<v1::FeedbackReply>(
        calls_, "submit_feedback", server, reply, [this, request](CallContext context) {
          return operations_->SubmitFeedback(std::move(context), *request);
        });
  }

  grpc::ServerUnaryReactor* CallAgent(grpc::CallbackServerContext* server,
                                      const v1::CallAgentRequest* request,
                                      v1::CallAgentReply* reply) override {
    return new UnaryCall<v1::CallAgentReply>(
        calls_, "call_agent", server, reply, [this, request](CallContext context) {
          return CallAgentWithStruct(operations_, std::move(context), *request);
        });
  }

  grpc::ServerUnaryReactor* GetAnalyticsSummary(grpc::CallbackServerContext* server,
                                                const v1::SummaryRequest* request,
                                                v1::SummaryReply* reply) override {
    return new UnaryCall<v1::SummaryReply>(
        calls_, "analytics_summary", server, reply, [this, request](CallContext context) {
          return operations_->AnalyticsSummary(std::move(context), *request);
        });
  }

 private:
  GrpcCalls* const calls_;
  Operations* const operations_;
};

}  // namespace

struct GrpcServer::Impl {
  Impl(asio::io_context& io, Operations* operations, const GrpcServerOptions& options)
      : calls{io, options.turn_timeout}, service(&calls, operations) {}
  GrpcCalls calls;
  Service service;
  std::unique_ptr<grpc::Server> server;
};

GrpcServer::GrpcServer(asio::io_context& io, Operations* operations, GrpcServerOptions options)
    : io_(io),
      options_(std::move(options)),
      impl_(std::make_unique<Impl>(io_, operations, options_)) {}

GrpcServer::~GrpcServer() {
  // Reached without Shutdown only when the process is leaving in haste; the loop no longer runs, so
  // calls in hand could never finish and waiting for them would hang.
  if (impl_->server != nullptr) (void)impl_.release();
}

absl::Status GrpcServer::Listen() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  const bool is_v6 = options_.address.find(':') != std::string::npos;
  const std::string address = is_v6 ? StrCat("[", options_.address, "]:", options_.port)
                                    : StrCat(options_.address, ":", options_.port);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
  builder.SetMaxReceiveMessageSize(options_.message_bytes_max);
  // Two processes on one port would each get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(&impl_->service);
  impl_->server = builder.BuildAndStart();
  if (impl_->server == nullptr || port_ == 0) {
    impl_->server.reset();
    return absl::UnavailableError(StrCat("cannot listen on ", address, " for gRPC"));
  }
  SetServing(false);
  return absl::OkStatus();
}

void GrpcServer::SetServing(bool serving) {
  if (impl_->server == nullptr) return;
  auto* health = impl_->server->GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus("", serving);
  health->SetServingStatus(v1::Switchboard::service_full_name(), serving);
}

void GrpcServer::Shutdown(Deadline deadline) {
  if (impl_->server == nullptr) return;
  const auto until = std::chrono::system_clock::now() + deadline.Remaining();
  impl_->server->Shutdown(until);
  impl_->server->Wait();
  impl_->server.reset();
}

}  // namespace switchboard::gateway
