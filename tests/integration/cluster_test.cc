// JetStream on a cluster of three real nats-servers: what is read after an acknowledgement, and
// what becomes of writes while the leader is away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "common/bus/connection.h"
#include "common/bus/jetstream.h"
#include "common/testing/nats_cluster.h"
#include "common/testing/run_on_loop.h"

namespace switchboard::bus {
namespace {

using std::chrono::seconds;
using testing::NatsCluster;
using testing::RunOnLoop;
using testing::RunUntil;

// Longer than an election, of which two may follow one another.
Deadline Patience() { return Deadline::After(seconds(30)); }

class ClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    everywhere_ = Connect(cluster_.url());
    StreamConfig config;
    config.name = "T";
    config.subjects = {"t.>"};
    config.replicas = NatsCluster::kNodes;
    const absl::Status made = RunOnLoop(io_, EnsureStream(*everywhere_, config, Patience()));
    ASSERT_TRUE(made.ok()) << made;
  }

  std::unique_ptr<Connection> Connect(const std::string& url) {
    Options options;
    options.url = url;
    options.replicated = true;
    auto connected = Connection::Connect(io_, options);
    EXPECT_TRUE(connected.ok()) << connected.status();
    return *std::move(connected);
  }

  absl::StatusOr<PublishAck> Store(Connection& connection, const std::string& subject,
                                   const std::string& payload) {
    PublishOptions options;
    options.message_id = StrCat(subject, "/", payload);
    return RunOnLoop(
        io_, PublishToStream(connection, subject, {{"A", "b"}}, payload, options, Patience()),
        seconds(60));
  }

  absl::StatusOr<Message> Last(Connection& connection, const std::string& subject) {
    return RunOnLoop(io_, DirectGetLast(connection, "T", subject, Patience()), seconds(60));
  }

  // The node that leads the stream; -1 while none does.
  int Leader() {
    const auto reply = RunOnLoop(
        io_, everywhere_->Request("$JS.API.STREAM.INFO.T", {}, "", Deadline::After(seconds(2))));
    if (!reply.ok()) return -1;
    const auto info = nlohmann::json::parse(reply->payload(), nullptr, false);
    const std::string leader = info.value("/cluster/leader"_json_pointer, std::string());
    for (int node = 0; node < NatsCluster::kNodes; ++node) {
      if (leader == NatsCluster::name(node)) return node;
    }
    return -1;
  }

  asio::io_context io_;
  NatsCluster cluster_;
  std::unique_ptr<Connection> everywhere_;
};

TEST_F(ClusterTest, WhatWasAcknowledgedIsReadAtOnceThroughAnyNode) {
  std::vector<std::unique_ptr<Connection>> nodes;
  for (int node = 0; node < NatsCluster::kNodes; ++node) {
    nodes.push_back(Connect(cluster_.url(node)));
  }
  int behind = 0;
  for (int i = 0; i < 600; ++i) {
    const auto ack = Store(*nodes[i % 3], "t.a", StrCat(i));
    ASSERT_TRUE(ack.ok()) << ack.status();
    for (const auto& node : nodes) {
      const auto last = Last(*node, "t.a");
      if (!last.ok() || last->stream_sequence() != ack->sequence) ++behind;
    }
  }
  EXPECT_EQ(behind, 0) << "reads that did not see the write before them";
}

TEST_F(ClusterTest, AMessageIsReadAsItWasStored) {
  const std::string binary("\0\xff binary \r\n", 12);
  ASSERT_TRUE(Store(*everywhere_, "t.a", binary).ok());
  ASSERT_TRUE(Store(*everywhere_, "t.b", "").ok());
  const auto first = Last(*everywhere_, "t.a");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->payload(), binary);
  EXPECT_EQ(first->subject(), "t.a");
  EXPECT_EQ(first->Header("A"), "b");
  EXPECT_EQ(first->stream_sequence(), 1U);
  const auto empty = Last(*everywhere_, "t.b");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->payload(), "");
  EXPECT_TRUE(absl::IsNotFound(Last(*everywhere_, "t.none").status()));
  const auto next = RunOnLoop(io_, DirectGetNext(*everywhere_, "T", "t.b", 1, Patience()));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->stream_sequence(), 2U);
}

TEST_F(ClusterTest, AWriteOutlivesTheLeaderAndIsStoredOnce) {
  ASSERT_TRUE(Store(*everywhere_, "t.a", "0").ok());
  const int leader = Leader();
  ASSERT_GE(leader, 0);
  cluster_.Kill(leader);
  for (int i = 1; i <= 20; ++i) {
    const auto ack = Store(*everywhere_, "t.a", StrCat(i));
    ASSERT_TRUE(ack.ok()) << ack.status();
    const auto last = Last(*everywhere_, "t.a");
    ASSERT_TRUE(last.ok()) << last.status();
    EXPECT_EQ(last->payload(), StrCat(i));
    EXPECT_EQ(last->stream_sequence(), static_cast<uint64_t>(i + 1)) << "stored twice, or lost";
  }
}

TEST_F(ClusterTest, AServerThatLeavesWithNoticeIsNotNoticed) {
  const auto connection = Connect(cluster_.url(0));
  int moves = 0;
  connection->OnStateChange([&](State) { ++moves; });
  cluster_.process(0).Signal(SIGUSR2);  // lame duck
  for (int i = 0; moves < 2 && i < 100000; ++i) {
    const auto ack = Store(*connection, "t.a", StrCat(i));
    ASSERT_TRUE(ack.ok()) << ack.status();
    const auto last = Last(*connection, "t.a");
    ASSERT_TRUE(last.ok()) << last.status();
    EXPECT_EQ(last->stream_sequence(), ack->sequence);
  }
  EXPECT_EQ(moves, 2) << "lost and reconnected";
}

TEST_F(ClusterTest, AFrozenServerIsLeftForAnotherThatItHadNamed) {
  const auto connection = Connect(cluster_.url(0));
  std::vector<State> states;
  connection->OnStateChange([&](State state) { states.push_back(state); });
  cluster_.process(0).Signal(SIGSTOP);
  const bool moved = RunUntil(
      io_, [&] { return !states.empty() && states.back() == State::kConnected; }, seconds(30));
  const auto reply =
      RunOnLoop(io_, connection->Request("nobody.listens", {}, "", Deadline::After(seconds(5))));
  cluster_.process(0).Signal(SIGCONT);
  EXPECT_TRUE(moved);
  EXPECT_TRUE(absl::IsUnavailable(reply.status())) << "a server that works says so at once";
}

}  // namespace
}  // namespace switchboard::bus
