// The bus against a real nats-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/base/strings.h"
#include "common/bus/connection.h"
#include "common/bus/jetstream.h"
#include "common/bus/key_value.h"
#include "common/testing/nats_server.h"
#include "common/testing/run_on_loop.h"

namespace switchboard::bus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::RunOnLoop;
using testing::RunUntil;

Deadline Soon() { return Deadline::After(seconds(10)); }

class BusTest : public ::testing::Test {
 protected:
  void SetUp() override { connection_ = Connect(); }

  std::unique_ptr<Connection> Connect() {
    Options options;
    options.url = server_.url();
    options.reconnect_wait = milliseconds(50);
    auto connected = Connection::Connect(io_, options);
    EXPECT_TRUE(connected.ok()) << connected.status();
    return *std::move(connected);
  }

  // Answers each request with its payload and "!".
  Subscription Echo(Connection& connection, const std::string& subject,
                    const std::string& group = "") {
    return connection
        .Subscribe(subject, group,
                   [&connection](Message message) {
                     (void)connection.Publish(std::string(message.reply_subject()),
                                              {{"Seen", "yes"}}, StrCat(message.payload(), "!"));
                   })
        .value();
  }

  absl::StatusOr<Message> Request(const std::string& subject, const std::string& payload,
                                  milliseconds limit = seconds(10)) {
    return RunOnLoop(io_,
                     connection_->Request(subject, {{"A", "b"}}, payload, Deadline::After(limit)));
  }

  void MakeStream(const std::string& name, const std::string& subject) {
    StreamConfig config;
    config.name = name;
    config.subjects = {subject};
    ASSERT_TRUE(RunOnLoop(io_, EnsureStream(*connection_, config, Soon())).ok());
  }

  absl::StatusOr<PublishAck> Store(const std::string& subject, const std::string& payload,
                                   PublishOptions options = {}) {
    return RunOnLoop(io_, PublishToStream(*connection_, subject, {}, payload, options, Soon()));
  }

  testing::NatsServer server_;
  asio::io_context io_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(BusTest, ARequestGetsItsReplyWithHeaders) {
  const Subscription echo = Echo(*connection_, "echo");
  const auto reply = Request("echo", "hello");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->payload(), "hello!");
  EXPECT_EQ(reply->Header("Seen"), "yes");
  EXPECT_EQ(reply->Header("Absent"), "");
}

TEST_F(BusTest, NobodyListeningIsUnavailableAtOnce) {
  const auto before = Clock::now();
  EXPECT_TRUE(absl::IsUnavailable(Request("nobody", "x").status()));
  EXPECT_LT(Clock::now() - before, seconds(5));
}

TEST_F(BusTest, SilenceEndsAtTheDeadline) {
  const auto silent = connection_->Subscribe("silent", "", [](Message) {});
  ASSERT_TRUE(silent.ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(Request("silent", "x", milliseconds(50)).status()));
}

TEST_F(BusTest, ManyRequestsAtOnceEachGetTheirOwnReply) {
  const Subscription echo = Echo(*connection_, "echo");
  int done = 0;
  int right = 0;
  for (int i = 0; i < 2000; ++i) {
    asio::co_spawn(io_, connection_->Request("echo", {}, StrCat(i), Soon()),
                   [&, i](std::exception_ptr, absl::StatusOr<Message> reply) {
                     ++done;
                     right += reply.ok() && reply->payload() == StrCat(i, "!");
                   });
  }
  EXPECT_TRUE(RunUntil(io_, [&] { return done == 2000; }));
  EXPECT_EQ(right, 2000);
}

TEST_F(BusTest, AStreamedReplyArrivesInOrderAndEndsWithTheUnmarked) {
  const auto numbers = connection_->Subscribe("count", "", [this](Message message) {
    const std::string to(message.reply_subject());
    for (int i = 0; i < 3; ++i)
      (void)connection_->Publish(to, {{"Mesh-Stream", "next"}}, StrCat(i));
    (void)connection_->Publish(to, {{"Done", "1"}}, "end");
  });
  auto stream = connection_->RequestStream("count", {}, "", Soon());
  std::string seen;
  for (int i = 0; i < 4; ++i) {
    const auto next = RunOnLoop(io_, stream->Next());
    ASSERT_TRUE(next.ok()) << next.status();
    StrAppend(&seen, next->payload(), " ");
  }
  EXPECT_EQ(seen, "0 1 2 end ");
  EXPECT_TRUE(absl::IsFailedPrecondition(RunOnLoop(io_, stream->Next()).status()));
}

TEST_F(BusTest, AReaderThatStopsIsCutOffAtTheBound) {
  const auto flood = connection_->Subscribe("flood", "", [this](Message message) {
    const std::string to(message.reply_subject());
    for (size_t i = 0; i < ReplyStream::kBufferedRepliesMax + 10; ++i) {
      (void)connection_->Publish(to, {{"Mesh-Stream", "next"}}, "x");
    }
    (void)connection_->Publish("flood.done", {}, "");
  });
  bool flooded = false;
  const auto done = connection_->Subscribe("flood.done", "", [&](Message) { flooded = true; });
  auto stream = connection_->RequestStream("flood", {}, "", Soon());
  ASSERT_TRUE(RunUntil(io_, [&] { return flooded; }));
  absl::Status last;
  size_t read = 0;
  for (; last.ok(); ++read) last = RunOnLoop(io_, stream->Next()).status();
  EXPECT_TRUE(absl::IsResourceExhausted(last)) << last;
  EXPECT_EQ(read, ReplyStream::kBufferedRepliesMax + 1);
}

TEST_F(BusTest, AQueueGroupHandlesEachMessageOnce) {
  const auto other = Connect();
  int first = 0;
  int second = 0;
  const auto a = connection_->Subscribe("job", "workers", [&](Message) { ++first; });
  const auto b = other->Subscribe("job", "workers", [&](Message) { ++second; });
  RunOnLoop(io_, other->Flush(Soon()));
  RunUntil(
      io_, [] { return false; }, milliseconds(50));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(connection_->Publish("job", {}, "x"), absl::OkStatus());
  EXPECT_TRUE(RunUntil(io_, [&] { return first + second == 200; }));
  EXPECT_GT(first, 0);
  EXPECT_GT(second, 0);
}

TEST_F(BusTest, ADrainedSubscriptionHandlesWhatWasSentAndNothingAfter) {
  const auto sender = Connect();
  int handled = 0;
  auto subscription = connection_->Subscribe("drain", "", [&](Message) { ++handled; }).value();
  RunUntil(
      io_, [] { return false; }, milliseconds(50));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(sender->Publish("drain", {}, "x"), absl::OkStatus());
  // The server has taken all of them once it has answered what the sender sent after them; else the
  // drain, which goes over another connection, may rightly be quicker.
  EXPECT_TRUE(
      absl::IsUnavailable(RunOnLoop(io_, sender->Request("nobody", {}, "", Soon())).status()));
  EXPECT_TRUE(RunUntil(io_, [&] { return subscription.Drained(); }));
  EXPECT_EQ(handled, 500);
  ASSERT_TRUE(sender->Publish("drain", {}, "late").ok());
  RunUntil(
      io_, [] { return false; }, milliseconds(50));
  EXPECT_EQ(handled, 500);
}

TEST_F(BusTest, CompareAndSwapLetsOneWriterThrough) {
  MakeStream("T", "t.>");
  PublishOptions first;
  first.expected_last_subject_sequence = 0;
  const auto stored = Store("t.a", "one", first);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(absl::IsAborted(Store("t.a", "rival", first).status()));
  ASSERT_TRUE(Store("t.b", "another subject", first).ok());
  PublishOptions next;
  next.expected_last_subject_sequence = stored->sequence;
  EXPECT_TRUE(Store("t.a", "two", next).ok());
  const auto last = RunOnLoop(io_, DirectGetLast(*connection_, "T", "t.a", Soon()));
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->payload(), "two");
  EXPECT_EQ(last->stream_sequence(), 3u);
  const auto none = RunOnLoop(io_, DirectGetLast(*connection_, "T", "t.none", Soon()));
  EXPECT_TRUE(absl::IsNotFound(none.status()));
  const auto after = RunOnLoop(io_, DirectGetNext(*connection_, "T", "t.a", 2, Soon()));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->stream_sequence(), 3u);
}

TEST_F(BusTest, TheSameMessageIdIsStoredOnce) {
  MakeStream("T", "t.>");
  PublishOptions options;
  options.message_id = "m-1";
  const auto first = Store("t.a", "one", options);
  const auto again = Store("t.a", "one", options);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_FALSE(first->duplicate);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->sequence, first->sequence);
}

TEST_F(BusTest, AStreamIsUpdatedWhenItsConfigurationChanges) {
  MakeStream("T", "t.>");
  StreamConfig config;
  config.name = "T";
  config.subjects = {"t.>", "u.>"};
  ASSERT_TRUE(RunOnLoop(io_, EnsureStream(*connection_, config, Soon())).ok());
  EXPECT_TRUE(Store("u.x", "now here").ok());
  EXPECT_TRUE(absl::IsUnavailable(Store("elsewhere", "no stream").status()));
}

// What a consumer saw, and what to answer.
struct Seen {
  std::vector<std::string> payloads;
  int batches_to_fail = 0;
};

Awaitable<absl::Status> Collect(std::shared_ptr<Seen> seen, std::span<const Message> batch) {
  if (seen->batches_to_fail > 0) {
    --seen->batches_to_fail;
    co_return absl::InternalError("not now");
  }
  for (const Message& message : batch) seen->payloads.emplace_back(message.payload());
  co_return absl::OkStatus();
}

TEST_F(BusTest, ADurableConsumerDeliversAllAndAgainWhatFailed) {
  MakeStream("T", "t.>");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Store("t.a", StrCat(i)).ok());
  auto seen = std::make_shared<Seen>();
  seen->batches_to_fail = 1;
  ConsumerConfig config;
  config.stream = "T";
  config.durable = "reader";
  Consumer::BatchOptions options;
  options.batch_max = 30;
  options.wait = milliseconds(500);
  options.retry_delay = milliseconds(50);
  Consumer consumer(*connection_, config, options,
                    [seen](std::span<const Message> batch) { return Collect(seen, batch); });
  bool ended = false;
  asio::co_spawn(io_, consumer.Run(), [&](std::exception_ptr) { ended = true; });
  EXPECT_TRUE(RunUntil(io_, [&] { return seen->payloads.size() == 100; }));
  ASSERT_TRUE(Store("t.a", "live").ok());
  EXPECT_TRUE(RunUntil(io_, [&] { return seen->payloads.size() == 101; }));
  EXPECT_EQ(seen->payloads.back(), "live");
  consumer.Stop();
  EXPECT_TRUE(RunUntil(io_, [&] { return ended; }));
  RunOnLoop(io_, connection_->Flush(Soon()));
}

TEST_F(BusTest, AHandlerThatThrowsGetsTheBatchAgain) {
  MakeStream("LOG", "log.>");
  ASSERT_TRUE(Store("log.a", "one").ok());
  ConsumerConfig config;
  config.stream = "LOG";
  config.durable = "reader";
  int handled = 0;
  Consumer consumer(*connection_, config, {.retry_delay = milliseconds(20)},
                    [&](std::span<const Message>) -> Awaitable<absl::Status> {
                      if (++handled == 1) throw std::runtime_error("surprise");
                      co_return absl::OkStatus();
                    });
  bool ended = false;
  asio::co_spawn(io_, consumer.Run(), [&](std::exception_ptr error) {
    ended = true;
    EXPECT_EQ(error, nullptr);
  });
  EXPECT_TRUE(RunUntil(io_, [&] { return handled == 2; }));
  consumer.Stop();
  EXPECT_TRUE(RunUntil(io_, [&] { return ended; }));
}

TEST_F(BusTest, OnAReplicatedConnectionTheLeaderIsRead) {
  MakeStream("LOG", "log.>");
  const auto stored = Store("log.a", "one");
  ASSERT_TRUE(stored.ok());
  Options options;
  options.url = server_.url();
  options.replicated = true;
  const auto connection = Connection::Connect(io_, options).value();
  const auto read = RunOnLoop(io_, DirectGetSequence(*connection, "LOG", stored->sequence, Soon()));
  ASSERT_TRUE(read.ok()) << read.status();
  // A direct get would have come to an inbox.
  EXPECT_EQ(read->subject(), "log.a");
  EXPECT_EQ(StoredSubject(*read), "log.a");
  const auto none = RunOnLoop(io_, DirectGetSequence(*connection, "LOG", 99, Soon()));
  EXPECT_TRUE(absl::IsNotFound(none.status())) << none.status();
  const auto last = RunOnLoop(io_, DirectGetLast(*connection, "GONE", "log.a", Soon()));
  EXPECT_TRUE(absl::IsUnavailable(last.status())) << last.status();
}

TEST_F(BusTest, AKeyValueWatchSeesTheStateThenEveryChange) {
  KeyValue bucket(*connection_, "test");
  ASSERT_TRUE(RunOnLoop(io_, bucket.Ensure(1, 1, Soon())).ok());
  ASSERT_TRUE(RunOnLoop(io_, bucket.Put("a", "1", Soon())).ok());
  ASSERT_TRUE(RunOnLoop(io_, bucket.Put("a", "2", Soon())).ok());
  ASSERT_TRUE(RunOnLoop(io_, bucket.Put("b", "x", Soon())).ok());
  std::map<std::string, std::string> state;
  bool caught_up = false;
  asio::co_spawn(io_,
                 bucket.Watch(
                     [&](const KeyValueEntry& entry) {
                       if (entry.deleted) {
                         state.erase(entry.key);
                       } else {
                         state[entry.key] = entry.value;
                       }
                     },
                     [&] { caught_up = true; }),
                 asio::detached);
  EXPECT_TRUE(RunUntil(io_, [&] { return caught_up; }));
  EXPECT_THAT(
      state, ::testing::UnorderedElementsAre(::testing::Pair("a", "2"), ::testing::Pair("b", "x")));
  ASSERT_TRUE(RunOnLoop(io_, bucket.Put("c", "3", Soon())).ok());
  ASSERT_TRUE(RunOnLoop(io_, bucket.Delete("a", Soon())).ok());
  EXPECT_TRUE(RunUntil(io_, [&] { return state.size() == 2 && state.contains("c"); }));
  const auto entries = RunOnLoop(io_, bucket.List(Soon()));
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(entries->size(), 2u);
}

TEST_F(BusTest, AKeyIsCreatedOnce) {
  KeyValue bucket(*connection_, "test");
  ASSERT_TRUE(RunOnLoop(io_, bucket.Ensure(1, 1, Soon())).ok());
  EXPECT_TRUE(RunOnLoop(io_, bucket.Create("k", "1", Soon())).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(RunOnLoop(io_, bucket.Create("k", "2", Soon())).status()));
  EXPECT_EQ(RunOnLoop(io_, bucket.Get("k", Soon()))->value, "1");
  ASSERT_TRUE(RunOnLoop(io_, bucket.Delete("k", Soon())).ok());
  EXPECT_TRUE(absl::IsNotFound(RunOnLoop(io_, bucket.Get("k", Soon())).status()));
  EXPECT_TRUE(RunOnLoop(io_, bucket.Create("k", "3", Soon())).ok());
  EXPECT_TRUE(
      absl::IsInvalidArgument(RunOnLoop(io_, bucket.Put("no spaces", "", Soon())).status()));
}

TEST_F(BusTest, AServerRestartIsSurvived) {
  KeyValue bucket(*connection_, "test");
  ASSERT_TRUE(RunOnLoop(io_, bucket.Ensure(1, 1, Soon())).ok());
  std::map<std::string, std::string> state;
  asio::co_spawn(
      io_,
      bucket.Watch([&](const KeyValueEntry& entry) { state[entry.key] = entry.value; }, nullptr),
      asio::detached);
  const Subscription echo = Echo(*connection_, "echo");
  ASSERT_TRUE(Request("echo", "before").ok());
  server_.Kill();
  EXPECT_TRUE(RunUntil(io_, [&] { return connection_->state() == State::kReconnecting; }));
  EXPECT_TRUE(absl::IsUnavailable(Request("echo", "meanwhile").status()));
  server_.Start();
  EXPECT_TRUE(RunUntil(io_, [&] { return connection_->state() == State::kConnected; }));
  const auto reply = Request("echo", "after");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->payload(), "after!");
  ASSERT_TRUE(RunOnLoop(io_, bucket.Put("late", "seen", Soon())).ok());
  EXPECT_TRUE(RunUntil(io_, [&] { return state.contains("late"); }));
}

TEST_F(BusTest, NoServerIsAnErrorThatHidesThePassword) {
  Options options;
  options.url = StrCat("nats://user:secret@127.0.0.1:", testing::FreePort());
  options.connect_timeout = milliseconds(200);
  const auto connected = Connection::Connect(io_, options);
  EXPECT_TRUE(absl::IsUnavailable(connected.status()));
  EXPECT_THAT(connected.status().ToString(), ::testing::Not(::testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace switchboard::bus
