// Alerts against a real nats-server, also while it is away.
#include "common/runtime/alert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>

#include "common/observability/metrics.h"
#include "common/runtime/streams.h"
#include "common/testing/nats_server.h"
#include "common/testing/run_on_loop.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::runtime {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RunOnLoop;
using testing::RunUntil;

Deadline Soon() { return Deadline::After(seconds(10)); }

Awaitable<bool> Raise(Alert* alert, std::string message) {
  co_await alert->Raise(std::move(message));
  co_return true;
}

Awaitable<bool> Clear(Alert* alert) {
  co_await alert->Clear("mended");
  co_return true;
}

class AlertTest : public ::testing::Test {
 protected:
  void SetUp() override {
    bus::Options options;
    options.url = server_.url();
    options.reconnect_wait = std::chrono::milliseconds(50);
    auto connected = bus::Connection::Connect(io_, options);
    ASSERT_TRUE(connected.ok()) << connected.status();
    bus_ = *std::move(connected);
    ASSERT_TRUE(RunOnLoop(io_, EnsureMeshStreams(*bus_, 1, Soon())).ok());
    alert_ =
        std::make_unique<Alert>(*bus_, "analytics", "i-1",
                                Alert::Condition{.kind = "storage-failed", .severity = "critical"});
  }

  // "raised: <message>" and "cleared: <message>", in order.
  std::vector<std::string> Told() {
    std::vector<std::string> told;
    for (uint64_t sequence = 1;;) {
      auto message = RunOnLoop(
          io_, bus::DirectGetNext(*bus_, kEventsStream, "mesh.event.alert.>", sequence, Soon()));
      if (!message.ok()) return told;
      sequence = message->stream_sequence() + 1;
      v1::Alert event;
      EXPECT_TRUE(event.ParseFromString(std::string(message->payload())));
      EXPECT_EQ(event.agent(), "analytics");
      EXPECT_EQ(event.kind(), "storage-failed");
      EXPECT_TRUE(event.has_at());
      const bool raised = message->Header("Nats-Subject") == kAlertRaisedSubject;
      told.push_back((raised ? "raised: " : "cleared: ") + event.message());
    }
  }

  testing::NatsServer server_;
  asio::io_context io_;
  // Between two connections nothing else would keep the loop from ending.
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::unique_ptr<bus::Connection> bus_;
  std::unique_ptr<Alert> alert_;
};

TEST_F(AlertTest, IsToldOnceUntilItIsOver) {
  RunOnLoop(io_, Clear(alert_.get()));
  for (int look = 0; look < 3; ++look) RunOnLoop(io_, Raise(alert_.get(), "disk full"));
  EXPECT_THAT(metrics::Expose(), HasSubstr("switchboard_alert_raised{kind=\"storage-failed\","
                                           "severity=\"critical\"} 1"));
  for (int look = 0; look < 3; ++look) RunOnLoop(io_, Clear(alert_.get()));
  RunOnLoop(io_, Raise(alert_.get(), "disk full again"));
  EXPECT_THAT(Told(),
              ElementsAre("raised: disk full", "cleared: mended", "raised: disk full again"));
}

TEST_F(AlertTest, RaisedWhileTheBusIsAwayIsToldWhenItIsBack) {
  server_.Kill();
  ASSERT_TRUE(RunUntil(io_, [&] { return bus_->state() != bus::State::kConnected; }));
  RunOnLoop(io_, Raise(alert_.get(), "disk full"));
  EXPECT_TRUE(alert_->raised());
  server_.Start();
  ASSERT_TRUE(RunUntil(io_, [&] { return bus_->state() == bus::State::kConnected; }));
  // A server that has just started may still be opening its streams.
  const Deadline deadline = Soon();
  while (Told().empty() && !deadline.expired()) RunOnLoop(io_, Raise(alert_.get(), "disk full"));
  EXPECT_THAT(Told(), ElementsAre("raised: disk full"));
}

TEST_F(AlertTest, OverBeforeAnybodyCouldBeToldIsNotTold) {
  server_.Kill();
  ASSERT_TRUE(RunUntil(io_, [&] { return bus_->state() != bus::State::kConnected; }));
  RunOnLoop(io_, Raise(alert_.get(), "disk full"));
  server_.Start();
  ASSERT_TRUE(RunUntil(io_, [&] { return bus_->state() == bus::State::kConnected; }));
  RunOnLoop(io_, Clear(alert_.get()));
  EXPECT_FALSE(alert_->raised());
  EXPECT_THAT(Told(), ElementsAre());
}

}  // namespace
}  // namespace switchboard::runtime
