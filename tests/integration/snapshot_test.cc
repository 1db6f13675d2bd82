// Snapshots of streams against a real nats-server.
#include "common/bus/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/testing/nats_server.h"
#include "common/testing/run_on_loop.h"

namespace switchboard::bus {
namespace {

using std::chrono::seconds;
using testing::RunOnLoop;

Deadline Soon() { return Deadline::After(seconds(10)); }

class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Options options;
    options.url = server_.url();
    auto connected = Connection::Connect(io_, options);
    ASSERT_TRUE(connected.ok()) << connected.status();
    connection_ = *std::move(connected);
    StreamConfig config;
    config.name = "T";
    config.subjects = {"t.>"};
    ASSERT_TRUE(RunOnLoop(io_, EnsureStream(*connection_, config, Soon())).ok());
  }

  void Store(const std::string& payload) {
    auto stored = RunOnLoop(
        io_, PublishToStream(*connection_, "t.a", {{"A", "b"}}, payload, PublishOptions(), Soon()));
    ASSERT_TRUE(stored.ok()) << stored.status();
  }

  absl::StatusOr<Snapshot> Take() {
    content_.clear();
    return RunOnLoop(io_, SnapshotStream(
                              *connection_, "T",
                              [this](std::string_view piece) {
                                content_ += piece;
                                return sink_status_;
                              },
                              seconds(5)));
  }

  absl::StatusOr<StreamState> Put(const std::string& description) {
    size_t at = 0;
    RestoreOptions options;
    options.silence_max = seconds(10);
    return RunOnLoop(io_, RestoreStream(
                              *connection_, "T", description,
                              [this, at]() mutable -> absl::StatusOr<std::string> {
                                const std::string piece = content_.substr(at, kSnapshotPieceBytes);
                                at += piece.size();
                                return piece;
                              },
                              options));
  }

  testing::NatsServer server_;
  asio::io_context io_;
  std::unique_ptr<Connection> connection_;
  std::string content_;
  absl::Status sink_status_;
};

TEST_F(SnapshotTest, AStreamComesBackWithItsMessagesAndConsumers) {
  for (int i = 0; i < 40; ++i) Store(StrCat(i, std::string(100'000, 'x')));
  ConsumerConfig consumer;
  consumer.stream = "T";
  consumer.durable = "reader";
  ASSERT_TRUE(RunOnLoop(io_, EnsureConsumer(*connection_, consumer, Soon())).ok());
  const auto taken = Take();
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->state.messages, 40u);
  EXPECT_EQ(taken->bytes, content_.size());

  EXPECT_FALSE(Put(taken->description).ok()) << "the stream is there still";
  ASSERT_TRUE(RunOnLoop(io_, DeleteStream(*connection_, "T", Soon())).ok());
  const auto restored = Put(taken->description);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->messages, 40u);
  EXPECT_EQ(restored->last_sequence, 40u);
  const auto last = RunOnLoop(io_, DirectGetSequence(*connection_, "T", 40, Soon()));
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->payload().substr(0, 3), "39x");
  EXPECT_EQ(last->Header("A"), "b");
  const auto consumers = RunOnLoop(io_, ListConsumers(*connection_, "T", Soon()));
  ASSERT_TRUE(consumers.ok() && consumers->size() == 1) << consumers.status();
  EXPECT_EQ(consumers->front().name, "reader");
}

TEST_F(SnapshotTest, ATruncatedSnapshotMakesNoStream) {
  Store("one");
  const auto taken = Take();
  ASSERT_TRUE(taken.ok());
  ASSERT_TRUE(RunOnLoop(io_, DeleteStream(*connection_, "T", Soon())).ok());
  content_.resize(content_.size() / 2);
  EXPECT_FALSE(Put(taken->description).ok());
  EXPECT_TRUE(
      absl::IsNotFound(RunOnLoop(io_, ReadStreamState(*connection_, "T", Soon())).status()));
}

TEST_F(SnapshotTest, ASinkThatCannotTakeMoreEndsIt) {
  Store(std::string(500'000, 'x'));
  sink_status_ = absl::UnavailableError("disk full");
  EXPECT_EQ(Take().status().message(), "disk full");
}

TEST_F(SnapshotTest, NoStreamIsNotFound) {
  ASSERT_TRUE(RunOnLoop(io_, DeleteStream(*connection_, "T", Soon())).ok());
  EXPECT_TRUE(absl::IsNotFound(Take().status())) << Take().status();
}

TEST_F(SnapshotTest, OneMessageIsRemovedOnce) {
  Store("one");
  Store("two");
  EXPECT_TRUE(RunOnLoop(io_, DeleteMessage(*connection_, "T", 1, Soon())).ok());
  EXPECT_TRUE(absl::IsNotFound(RunOnLoop(io_, DeleteMessage(*connection_, "T", 1, Soon()))));
  EXPECT_TRUE(
      absl::IsNotFound(RunOnLoop(io_, DirectGetSequence(*connection_, "T", 1, Soon())).status()));
  EXPECT_TRUE(RunOnLoop(io_, DirectGetSequence(*connection_, "T", 2, Soon())).ok());
  EXPECT_EQ(*RunOnLoop(io_, StreamOfSubject(*connection_, "t.x", Soon())), "T");
  EXPECT_TRUE(
      absl::IsNotFound(RunOnLoop(io_, StreamOfSubject(*connection_, "u.x", Soon())).status()));
}

}  // namespace
}  // namespace switchboard::bus
