// What a caller and an agent owe each other while work is in flight: signs of life, another
// attempt, an end. Real processes on a real nats-server.
#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/http/probe_server.h"
#include "common/runtime/caller.h"
#include "common/testing/nats_server.h"
#include "common/testing/run_on_loop.h"

namespace switchboard::runtime {
namespace {

using google::protobuf::Int64Value;
using google::protobuf::StringValue;
using std::chrono::milliseconds;
using std::chrono::seconds;
using switchboard::testing::RunOnLoop;
using switchboard::testing::RunUntil;

class LivenessTest : public ::testing::Test {
 protected:
  LivenessTest() {
    bus::Options options;
    options.url = server_.url();
    connection_ = bus::Connection::Connect(io_, options).value();
    caller_ = std::make_unique<Caller>(*connection_, "test");
  }

  testing::Process& Start(std::map<std::string, std::string> environment = {}) {
    const int port = testing::FreePort();
    environment["NATS_URL"] = server_.url();
    environment["HEALTH_PORT"] = std::to_string(port);
    const std::string log = StrCat(folder_.path(), "/sleeper-", sleepers_.size(), ".log");
    sleepers_.push_back(
        std::make_unique<testing::Process>(std::vector<std::string>{SLEEPER}, environment, log));
    EXPECT_TRUE(testing::WaitUntil(
        [&] { return http::ProbeGet("127.0.0.1", port, "/readyz", seconds(2)).ok(); },
        seconds(30)));
    return *sleepers_.back();
  }

  Awaitable<absl::StatusOr<StringValue>> Ask(std::string verb, int64_t value,
                                             milliseconds limit = seconds(20)) {
    Context context;
    context.deadline = Deadline::After(limit);
    Int64Value request;
    request.set_value(value);
    return caller_->Call<StringValue>(AgentSubject("sleeper", verb), std::move(context),
                                      std::move(request));
  }

  std::string Report() { return RunOnLoop(io_, Ask("report", 0))->value(); }
  bool Reports(const std::string& words) {
    return testing::WaitUntil([&] { return Report() == words; }, seconds(10));
  }

  testing::NatsServer server_;
  testing::TemporaryFolder folder_;
  asio::io_context io_;
  std::unique_ptr<bus::Connection> connection_;
  std::unique_ptr<Caller> caller_;
  std::vector<std::unique_ptr<testing::Process>> sleepers_;
};

TEST_F(LivenessTest, LongWorkSaysThatItGoesOnAndIsAskedForOnce) {
  Start();
  const auto stream =
      connection_->RequestStream("mesh.agent.sleeper.sleep", {{kHeaderContentType, kJson}}, "1500",
                                 Deadline::After(seconds(10)));
  int signs = 0;
  std::string last;
  while (last.empty()) {
    const auto reply = RunOnLoop(io_, stream->Next(stream->deadline()));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_FALSE(reply->Header(kHeaderInstance).empty());
    if (reply->Header(kHeaderStream) != bus::kStreamWorking) last = std::string(reply->payload());
    signs += reply->Header(kHeaderStream) == bus::kStreamWorking ? 1 : 0;
  }
  EXPECT_EQ(last, "\"slept\"");
  EXPECT_GE(signs, 3);
  // 1.5 seconds are longer than the silence that a caller bears.
  EXPECT_TRUE(RunOnLoop(io_, Ask("sleep", 1500)).ok());
  EXPECT_EQ(Report(), "2 begun, 0 stopped");
}

TEST_F(LivenessTest, AFrozenReplicaIsNoticedAndAnotherAsked) {
  Start();
  Start();
  // Both are known to be alive.
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(RunOnLoop(io_, Ask("sleep", 0)).ok());
  sleepers_[0]->Signal(SIGSTOP);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(RunOnLoop(io_, Ask("sleep", 1, seconds(5))).ok()) << i;
  sleepers_[0]->Signal(SIGCONT);
}

TEST_F(LivenessTest, AKilledReplicasWorkIsDoneByAnother) {
  Start();
  Start();
  std::optional<absl::StatusOr<StringValue>> first, second;
  // One each, or both with one: in any case the killed one had work or none is lost.
  for (auto* result : {&first, &second}) {
    asio::co_spawn(io_, Ask("sleep", 1000),
                   [result](std::exception_ptr, auto reply) { *result = std::move(reply); });
  }
  RunUntil(
      io_, [] { return false; }, milliseconds(300));
  sleepers_[0]->Signal(SIGKILL);
  ASSERT_TRUE(RunUntil(io_, [&] { return first && second; }));
  EXPECT_TRUE(first->ok()) << first->status();
  EXPECT_TRUE(second->ok()) << second->status();
}

TEST_F(LivenessTest, NobodyAliveIsSaidAfterFourAttempts) {
  Start();
  ASSERT_TRUE(RunOnLoop(io_, Ask("sleep", 0)).ok());
  sleepers_[0]->Signal(SIGSTOP);
  EXPECT_TRUE(absl::IsUnavailable(RunOnLoop(io_, Ask("sleep", 0)).status()));
  sleepers_[0]->Signal(SIGCONT);
}

TEST_F(LivenessTest, WorkStopsWhenNobodyWaitsAnyMore) {
  Start();
  asio::cancellation_signal leave;
  bool ended = false;
  asio::co_spawn(
      io_, Ask("sleep", 60000),
      asio::bind_cancellation_slot(leave.slot(), [&](std::exception_ptr, auto) { ended = true; }));
  ASSERT_TRUE(Reports("1 begun, 0 stopped"));
  leave.emit(asio::cancellation_type::all);
  EXPECT_TRUE(Reports("1 begun, 1 stopped"));
  EXPECT_TRUE(RunUntil(io_, [&] { return ended; }));
}

TEST_F(LivenessTest, ACancellationReachesWhoeverWorksForTheOneWhoIsCancelled) {
  Start();
  asio::cancellation_signal leave;
  asio::co_spawn(io_, Ask("relay", 60000),
                 asio::bind_cancellation_slot(leave.slot(), [](std::exception_ptr, auto) {}));
  ASSERT_TRUE(Reports("1 begun, 0 stopped"));
  leave.emit(asio::cancellation_type::all);
  EXPECT_TRUE(Reports("1 begun, 1 stopped"));
}

TEST_F(LivenessTest, AnExpiredDeadlineStopsWorkWhereverItIs) {
  Start();
  EXPECT_TRUE(absl::IsDeadlineExceeded(RunOnLoop(io_, Ask("relay", 60000, seconds(1))).status()));
  EXPECT_TRUE(Reports("1 begun, 1 stopped"));
}

TEST_F(LivenessTest, BeyondItsLimitAnAgentRefusesAndOperatorsStillGetAnAnswer) {
  Start({{"MAX_IN_FLIGHT", "4"}});
  int refused = 0, ended = 0;
  for (int i = 0; i < 10; ++i) {
    asio::co_spawn(io_, Ask("sleep", 1000), [&](std::exception_ptr, auto reply) {
      ++ended;
      if (absl::IsResourceExhausted(reply.status()) && RetryAfterMsOf(reply.status()) > 0) {
        ++refused;
      }
    });
  }
  ASSERT_TRUE(RunUntil(io_, [&] { return refused == 6; }));
  EXPECT_EQ(Report(), "4 begun, 0 stopped");
  EXPECT_TRUE(RunUntil(io_, [&] { return ended == 10; }));
  EXPECT_EQ(refused, 6);
}

TEST_F(LivenessTest, ALateAnswerIsHedgedWithinTheBudgetOnly) {
  // Two replicas that are known; one answers at once, the other never: what is asked of it twice.
  int asked = 0, hedges = 0;
  bool slow = false;
  auto serve = [&](const std::string& subject, const std::string& instance, bool own) {
    return connection_
        ->Subscribe(subject, own ? "" : "sleeper",
                    [&, instance](bus::Message message) {
                      ++asked;
                      if (message.Header(kHeaderAttempt) == "2") ++hedges;
                      if (slow && message.Header(kHeaderAttempt).empty()) return;
                      (void)connection_->Publish(std::string(message.reply_subject()),
                                                 {{kHeaderInstance, instance}}, "");
                    })
        .value();
  };
  const std::string subject = AgentSubject("sleeper", "sleep");
  std::vector<bus::Subscription> served;
  served.push_back(serve(subject, "a", false));
  served.push_back(serve(subject, "b", false));
  served.push_back(serve(subject + ".a", "a", true));
  served.push_back(serve(subject + ".b", "b", true));
  const auto ask = [&] {
    Context context;
    context.deadline = Deadline::After(milliseconds(150));
    return RunOnLoop(io_, caller_->Call<StringValue>(subject, context, Int64Value(), true)).ok();
  };
  for (int i = 0; i < 128; ++i) ASSERT_TRUE(ask());
  EXPECT_GT(caller_->Usual(subject).count(), 0);
  const int before = hedges;
  slow = true;
  int answered = 0;
  for (int i = 0; i < 30; ++i) answered += ask() ? 1 : 0;
  EXPECT_EQ(answered, hedges - before) << "only the second attempts are answered";
  EXPECT_GE(answered, 1);
  // A tenth of all requests so far, and at most ten saved up.
  EXPECT_LE(hedges, (128 + 30) / 10 + 1);
}

}  // namespace
}  // namespace switchboard::runtime
