// The gRPC side whole, over a real channel, with operations that are not.
#include "gateway/grpc_server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <future>
#include <thread>

#include "common/base/fault.h"
#include "common/testing/process.h"
#include "gateway/fake_operations.h"
#include "switchboard/v1/switchboard.grpc.pb.h"

namespace switchboard::gateway {
namespace {

using namespace std::chrono_literals;

class GrpcServerTest : public ::testing::Test {
 protected:
  GrpcServerTest() : server_(io_, &operations_, {.port = 0}) {
    EXPECT_TRUE(server_.Listen().ok());
    thread_ = std::thread([this] { io_.run(); });
    const std::string target = "127.0.0.1:" + std::to_string(server_.port());
    stub_ =
        v1::Switchboard::NewStub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  }
  ~GrpcServerTest() override {
    server_.Shutdown(Deadline::After(5s));
    work_.reset();
    thread_.join();
  }
  static v1::Problem ProblemOf(const grpc::ClientContext& context) {
    v1::Problem problem;
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto found = trailers.find("switchboard-problem-bin");
    if (found != trailers.end()) {
      problem.ParseFromArray(found->second.data(), static_cast<int>(found->second.size()));
    }
    return problem;
  }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  FakeOperations operations_;
  GrpcServer server_;
  std::thread thread_;
  std::unique_ptr<v1::Switchboard::Stub> stub_;
};

TEST_F(GrpcServerTest, AnswersATurn) {
  grpc::ClientContext context;
  context.AddMetadata("idempotency-key", "k-1");
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  context.set_deadline(std::chrono::system_clock::now() + 3s);
  v1::InvokeRequest request;
  request.set_text("hi");
  v1::TurnReply reply;
  const grpc::Status status = stub_->Invoke(&context, request, &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.reply(), "you said: hi");
  EXPECT_EQ(reply.turn_id(), "k-1");
  EXPECT_LE(operations_.last_context.deadline.Remaining(), 3s);
  EXPECT_EQ(operations_.last_context.trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context.GetServerInitialMetadata().count("traceparent"), 1u);
}

TEST_F(GrpcServerTest, TellsProblemsInTheTrailer) {
  operations_.turn_status = WithRetryAfterMs(absl::ResourceExhaustedError("full"), 1500);
  grpc::ClientContext context;
  v1::TurnReply reply;
  const grpc::Status status = stub_->Invoke(&context, {}, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "full");
  EXPECT_EQ(ProblemOf(context).status(), 429u);
  EXPECT_EQ(ProblemOf(context).type(), "/docs/errors#resource-exhausted");
}

TEST_F(GrpcServerTest, RefusesABadKeyNamingIt) {
  grpc::ClientContext context;
  context.AddMetadata("idempotency-key", "a b");
  v1::TurnReply reply;
  EXPECT_EQ(stub_->Invoke(&context, {}, &reply).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ProblemOf(context).field(), "Idempotency-Key");
  EXPECT_EQ(operations_.turns_begun, 0);
}

TEST_F(GrpcServerTest, StreamsEventsThenTheAnswer) {
  operations_.events = 200;
  grpc::ClientContext context;
  v1::InvokeRequest request;
  request.set_text("hi");
  auto reader = stub_->InvokeStream(&context, request);
  v1::StreamReply item;
  int sentences = 0;
  while (reader->Read(&item) && item.has_event()) {
    EXPECT_EQ(item.event().sentence().index(), static_cast<uint32_t>(sentences++));
  }
  EXPECT_EQ(sentences, 200);
  EXPECT_EQ(item.final().reply(), "you said: hi");
  EXPECT_FALSE(reader->Read(&item));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(GrpcServerTest, AStreamThatFailsEndsWithItsStatus) {
  operations_.events = 3;
  operations_.turn_status = UnknownConversation();
  grpc::ClientContext context;
  auto reader = stub_->StreamMessage(&context, {});
  v1::StreamReply item;
  int events = 0;
  while (reader->Read(&item)) ++events;
  EXPECT_EQ(events, 3);
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ProblemOf(context).field(), "conversation_id");
}

TEST_F(GrpcServerTest, ACallerThatLeavesEndsTheWait) {
  operations_.delay_before = 60s;
  v1::TurnReply reply;
  grpc::ClientContext unary;
  unary.set_deadline(std::chrono::system_clock::now() + 100ms);
  EXPECT_EQ(stub_->Invoke(&unary, {}, &reply).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(testing::WaitUntil([this] { return operations_.turns_cancelled == 1; }));
  grpc::ClientContext stream;
  auto reader = stub_->InvokeStream(&stream, {});
  EXPECT_TRUE(testing::WaitUntil([this] { return operations_.turns_begun == 2; }));
  stream.TryCancel();
  EXPECT_TRUE(testing::WaitUntil([this] { return operations_.turns_cancelled == 2; }));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(GrpcServerTest, CallsAnAgentWithFreeJson) {
  grpc::ClientContext context;
  v1::CallAgentRequest request;
  request.set_agent("escalation");
  request.set_verb("assess");
  (*request.mutable_request()->mutable_fields())["text"].set_string_value("hi");
  v1::CallAgentReply reply;
  ASSERT_TRUE(stub_->CallAgent(&context, request, &reply).ok());
  const auto& fields = reply.reply().fields();
  EXPECT_EQ(fields.at("verb").string_value(), "assess");
  EXPECT_EQ(fields.at("request").struct_value().fields().at("text").string_value(), "hi");
}

TEST_F(GrpcServerTest, AnExceptionIsNobodysBusiness) {
  grpc::ClientContext context;
  v1::SummaryReply reply;
  const grpc::Status status = stub_->GetAnalyticsSummary(&context, {}, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message().find("eyes"), std::string::npos);
}

// Health and reflection by their wire format: Debian ships no client headers for them.
class WireCall {
 public:
  WireCall(int port, const std::string& method)
      : stub_(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                  grpc::InsecureChannelCredentials())) {
    call_ = stub_.PrepareCall(&context_, method, &queue_);
    call_->StartCall(this);
    Wait();
  }
  std::string Ask(const std::string& request) {
    grpc::Slice slice(request);
    call_->Write(grpc::ByteBuffer(&slice, 1), this);
    Wait();
    grpc::ByteBuffer reply;
    call_->Read(&reply, this);
    Wait();
    std::vector<grpc::Slice> slices;
    (void)reply.Dump(&slices);
    std::string out;
    for (const auto& part : slices)
      out.append(reinterpret_cast<const char*>(part.begin()), part.size());
    context_.TryCancel();
    grpc::Status status;
    call_->Finish(&status, this);
    Wait();
    return out;
  }

 private:
  void Wait() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
  }
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST_F(GrpcServerTest, TellsItsHealthAndItsServices) {
  const std::string check = "/grpc.health.v1.Health/Check";
  const std::string serving = "\x08\x01", not_serving = "\x08\x02";
  EXPECT_EQ(WireCall(server_.port(), check).Ask(""), not_serving) << "not ready yet";
  server_.SetServing(true);
  EXPECT_EQ(WireCall(server_.port(), check).Ask(""), serving);
  const std::string list_services("\x3a\x00", 2);
  EXPECT_THAT(
      WireCall(server_.port(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
          .Ask(list_services),
      ::testing::HasSubstr("switchboard.v1.Switchboard"));
}

TEST_F(GrpcServerTest, ManyCallsAtOnceEachGetTheirOwnAnswer) {
  operations_.delay_after = 5ms;
  std::vector<std::future<bool>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(std::async(std::launch::async, [this, i] {
      grpc::ClientContext context;
      v1::InvokeRequest request;
      request.set_text(std::to_string(i));
      v1::TurnReply reply;
      return stub_->Invoke(&context, request, &reply).ok() &&
             reply.reply() == "you said: " + std::to_string(i);
    }));
  }
  for (auto& call : calls) EXPECT_TRUE(call.get());
}

}  // namespace
}  // namespace switchboard::gateway
