// Asynchronous turns on a real nats-server: what becomes of a message of WORK, whatever becomes of
// those who have it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/runtime/streams.h"
#include "common/testing/nats_server.h"
#include "common/testing/run_on_loop.h"
#include "tests/integration/work_turns.h"

namespace switchboard {
namespace {

using conversation::TurnName;
using critic_supervisor::Worker;
using critic_supervisor::WorkerOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::RunOnLoop;
using testing::RunUntil;

constexpr char kAdvisory[] = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.WORK.turns";
constexpr char kHook[] = "https://shop.example/hook";

Deadline Soon() { return Deadline::After(seconds(10)); }

class WorkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connection_ = Connect();
    ASSERT_TRUE(RunOnLoop(io_, runtime::EnsureMeshStreams(*connection_, 1, Soon())).ok());
    script_ = std::make_shared<testing::Script>(*connection_);
    options_.backoff = {milliseconds(400), milliseconds(400)};
    options_.sweep_interval = milliseconds(200);
  }
  void TearDown() override {
    if (worker_ != nullptr) StopWorker();
  }

  std::unique_ptr<bus::Connection> Connect() {
    bus::Options options;
    options.url = server_.url();
    return bus::Connection::Connect(io_, options).value();
  }

  void StartWorker() {
    worker_ = std::make_unique<Worker>(*connection_, "here", testing::ConductOf(script_), options_);
    running_ = 3;
    const auto ended = [this](std::exception_ptr) { --running_; };
    asio::co_spawn(io_, worker_->RunTurns(), ended);
    asio::co_spawn(io_, worker_->RunExhausted(), ended);
    asio::co_spawn(io_, worker_->RunSweep(), ended);
  }
  void StopWorker() {
    worker_->Stop();
    ASSERT_TRUE(RunUntil(io_, [this] { return running_ == 0; }));
    worker_.reset();
  }

  absl::StatusOr<v1::TurnStatus> Accept(const std::string& text, std::string conversation_id = "",
                                        std::string turn_id = "", std::string webhook_url = "") {
    v1::TurnWork work;
    v1::TurnRequest& request = *work.mutable_request();
    request.set_opens_conversation(conversation_id.empty());
    request.set_conversation_id(conversation_id.empty() ? NewUuid() : conversation_id);
    request.set_client_key(!turn_id.empty());
    request.set_turn_id(turn_id.empty() ? NewUuid() : turn_id);
    request.set_text(text);
    work.set_webhook_url(webhook_url);
    runtime::Context context;
    context.turn_id = request.turn_id();
    context.conversation_id = request.conversation_id();
    return RunOnLoop(io_, queue().Accept(context, work));
  }
  absl::StatusOr<v1::TurnStatus> LookUp(const v1::TurnStatus& turn) {
    conversation::TurnWatch watch{{turn.conversation_id(), turn.turn_id()}, "", 0};
    return RunOnLoop(io_, queue().LookUp(&watch, Soon()));
  }
  bool Becomes(const v1::TurnStatus& turn, v1::TurnStatus::State state) {
    return RunUntil(
        io_,
        [&] {
          const auto now = LookUp(turn);
          return now.ok() && now->state() == state;
        },
        seconds(30));
  }
  absl::StatusOr<bus::Message> Last(const std::string& stream, const std::string& subject) {
    return RunOnLoop(io_, bus::DirectGetLast(*connection_, stream, subject, Soon()));
  }
  absl::StatusOr<bus::Message> LastOf(const std::string& stream, const std::string& prefix,
                                      const v1::TurnStatus& turn) {
    return Last(stream, prefix + TurnName{turn.conversation_id(), turn.turn_id()}.Suffix());
  }
  bool WorkHolds(const std::string& subject) {
    return RunOnLoop(io_, bus::DirectGetNext(*connection_, "WORK", subject, 1, Soon())).ok();
  }
  conversation::WorkQueue& queue() {
    if (queue_ == nullptr) queue_ = std::make_unique<conversation::WorkQueue>(*connection_, "test");
    return *queue_;
  }
  // Another process takes what there is and dies with it in hand.
  void TakeAndDie() {
    testing::Process holder({WORK_HOLDER, server_.url(), "400,400"}, {},
                            folder_.path() + "/holder");
    ASSERT_TRUE(testing::WaitUntil(
        [&] { return holder.Output().find("taken") != std::string::npos; }, seconds(30)))
        << holder.Output();
    holder.Signal(SIGKILL);
    holder.Wait(seconds(10));
  }

  // The turn is given up, and the server's word about it is lost.
  void GiveUpUnnoticed() {
    for (int i = 0; i < 3; ++i) TakeAndDie();
    // Asked for, the server gives the message up and says so; nobody hears it.
    const auto inbox = connection_->NewInbox();
    const auto nobody = connection_->Subscribe(inbox, "", [](bus::Message) {}).value();
    ASSERT_TRUE(connection_
                    ->Publish("$JS.API.CONSUMER.MSG.NEXT.WORK.turns", {},
                              R"({"batch":1,"expires":20000000000})", inbox)
                    .ok());
    ASSERT_TRUE(RunUntil(io_, [&] { return Last("WORK", kAdvisory).ok(); }));
    const uint64_t sequence = Last("WORK", kAdvisory)->stream_sequence();
    ASSERT_TRUE(RunOnLoop(io_, bus::DeleteMessage(*connection_, "WORK", sequence, Soon())).ok());
    const auto again = RunOnLoop(io_, bus::DeleteMessage(*connection_, "WORK", sequence, Soon()));
    EXPECT_TRUE(absl::IsNotFound(again)) << again;
  }
  v1::WebhookWork Webhook(const bus::Message& message) {
    v1::WebhookWork webhook;
    EXPECT_TRUE(webhook.ParseFromString(std::string(message.payload())));
    return webhook;
  }

  testing::NatsServer server_;
  testing::TemporaryFolder folder_;
  asio::io_context io_;
  std::unique_ptr<bus::Connection> connection_;
  std::unique_ptr<conversation::WorkQueue> queue_;
  std::shared_ptr<testing::Script> script_;
  WorkerOptions options_;
  std::unique_ptr<Worker> worker_;
  int running_ = 0;
};

TEST_F(WorkTest, AnAcceptedTurnIsAnsweredOnceAndLeavesTheQueue) {
  const auto turn = Accept("hello", "", "key.1");
  ASSERT_TRUE(turn.ok()) << turn.status();
  EXPECT_EQ(turn->state(), v1::TurnStatus::ACCEPTED);
  const auto again = Accept("hello", turn->conversation_id(), "key.1");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), turn->SerializeAsString());
  EXPECT_TRUE(absl::IsAlreadyExists(Accept("other", turn->conversation_id(), "key.1").status()));
  StartWorker();
  ASSERT_TRUE(Becomes(*turn, v1::TurnStatus::ANSWERED));
  EXPECT_EQ(LookUp(*turn)->reply().reply(), "re: hello");
  EXPECT_TRUE(RunUntil(io_, [&] { return !WorkHolds("mesh.work.>"); }));
  // The key is still its own, and gives the answer.
  EXPECT_EQ(Accept("hello", turn->conversation_id(), "key.1")->state(), v1::TurnStatus::ANSWERED);
  EXPECT_TRUE(absl::IsAlreadyExists(Accept("other", turn->conversation_id(), "key.1").status()));
  EXPECT_THAT(script_->begun, ElementsAre("hello"));
}

TEST_F(WorkTest, PoisonGoesToDeadAtOnceAndWhole) {
  const std::string suffix = "0199f3a2-7c41-7b62-9d0e-5a8f3f1c2b7d.poison";
  ASSERT_TRUE(
      RunOnLoop(io_, bus::PublishToStream(*connection_, "mesh.work.turn." + suffix,
                                          {{"Mesh-Turn", "poison"}}, "\xff\xff", {}, Soon()))
          .ok());
  StartWorker();
  ASSERT_TRUE(RunUntil(io_, [&] { return Last("DEAD", "mesh.dead.turn." + suffix).ok(); }));
  const auto dead = Last("DEAD", "mesh.dead.turn." + suffix);
  EXPECT_EQ(dead->payload(), "\xff\xff");
  EXPECT_EQ(dead->Header("Mesh-Turn"), "poison");
  EXPECT_EQ(dead->Header("Mesh-Dead-Subject"), "mesh.work.turn." + suffix);
  EXPECT_EQ(dead->Header("Mesh-Dead-Deliveries"), "1");
  EXPECT_THAT(std::string(dead->Header("Mesh-Dead-Reason")), HasSubstr("no TurnWork"));
  EXPECT_THAT(std::string(dead->Header("Mesh-Dead-History")),
              MatchesRegex("1 20[-0-9T:.]+Z here INVALID_ARGUMENT: the payload is no TurnWork"));
  EXPECT_TRUE(RunUntil(io_, [&] { return !WorkHolds("mesh.work.>"); }));
  EXPECT_TRUE(script_->begun.empty());
}

TEST_F(WorkTest, TroubleIsTriedAgainAndOnRecord) {
  script_->failures = {absl::UnavailableError("away"), absl::InternalError("odd")};
  const auto turn = Accept("hello").value();
  StartWorker();
  ASSERT_TRUE(Becomes(turn, v1::TurnStatus::ANSWERED));
  EXPECT_EQ(script_->begun.size(), 3u);
  const auto event = LastOf("EVENTS", "mesh.event.turn.retried.", turn);
  ASSERT_TRUE(event.ok());
  v1::TurnRetried retried;
  ASSERT_TRUE(retried.ParseFromString(std::string(event->payload())));
  EXPECT_EQ(retried.delivery(), 2u);
  EXPECT_EQ(retried.reason(), "INTERNAL: odd");
  EXPECT_TRUE(absl::IsNotFound(LastOf("DEAD", "mesh.dead.turn.", turn).status()));
}

TEST_F(WorkTest, TheLastFailureGoesToDeadWithItsHistoryAndTheWebhookIsTold) {
  script_->failures = {absl::UnavailableError("one"), absl::UnavailableError("two"),
                       absl::UnavailableError("three")};
  const auto turn = Accept("hello", "", "k", "https://shop.example/hook").value();
  StartWorker();
  ASSERT_TRUE(Becomes(turn, v1::TurnStatus::DEAD));
  EXPECT_EQ(LookUp(turn)->reason(), "UNAVAILABLE: three");
  const auto dead = LastOf("DEAD", "mesh.dead.turn.", turn);
  EXPECT_THAT(std::string(dead->Header("Mesh-Dead-History")),
              MatchesRegex("1 [^ ]+ here UNAVAILABLE: one . 2 [^ ]+ here UNAVAILABLE: two . "
                           "3 [^ ]+ here UNAVAILABLE: three"));
  ASSERT_TRUE(RunUntil(io_, [&] { return LastOf("WORK", "mesh.work.webhook.", turn).ok(); }));
  v1::WebhookWork webhook;
  ASSERT_TRUE(
      webhook.ParseFromString(std::string(LastOf("WORK", "mesh.work.webhook.", turn)->payload())));
  EXPECT_EQ(webhook.url(), "https://shop.example/hook");
  EXPECT_EQ(webhook.outcome().state(), v1::TurnStatus::DEAD);
  EXPECT_TRUE(RunUntil(io_, [&] { return !WorkHolds("mesh.work.turn.>"); }));
  // The dead turn's key does not bring it back to life.
  EXPECT_EQ(Accept("hello", turn.conversation_id(), "k")->state(), v1::TurnStatus::DEAD);
}

TEST_F(WorkTest, AKilledProcessLosesNothing) {
  const auto turn = Accept("hello").value();
  TakeAndDie();
  StartWorker();
  ASSERT_TRUE(Becomes(turn, v1::TurnStatus::ANSWERED));
  EXPECT_THAT(script_->begun, ElementsAre("hello"));
}

TEST_F(WorkTest, ATurnThatKillsWhoeverTakesItEndsInDeadThroughTheAdvisory) {
  options_.sweep_interval = std::chrono::hours(1);
  const auto turn = Accept("hello").value();
  for (int i = 0; i < 3; ++i) TakeAndDie();
  StartWorker();
  ASSERT_TRUE(Becomes(turn, v1::TurnStatus::DEAD));
  const auto dead = LastOf("DEAD", "mesh.dead.turn.", turn);
  EXPECT_EQ(dead->Header("Mesh-Dead-Deliveries"), "3");
  EXPECT_EQ(dead->Header("Mesh-Dead-History"),
            "1 - - no outcome | 2 - - no outcome | 3 - - no outcome");
  v1::TurnWork whole;
  ASSERT_TRUE(whole.ParseFromString(std::string(dead->payload())));
  EXPECT_EQ(whole.request().text(), "hello");
  EXPECT_TRUE(RunUntil(io_, [&] { return !WorkHolds(">"); }));
  EXPECT_TRUE(script_->begun.empty());
}

TEST_F(WorkTest, ALostAdvisoryIsFoundOut) {
  const auto turn = Accept("hello").value();
  GiveUpUnnoticed();
  StartWorker();
  EXPECT_TRUE(Becomes(turn, v1::TurnStatus::DEAD));
  EXPECT_TRUE(RunUntil(io_, [&] { return !WorkHolds(">"); }));
}

TEST_F(WorkTest, ALostAdvisoryIsFoundOutAlsoWhileTurnsAreInHand) {
  const auto lost = Accept("lost").value();
  GiveUpUnnoticed();
  // A moment in which nothing is in hand, at which no sweep looks.
  options_.sweep_interval = std::chrono::hours(1);
  const auto quick = Accept("quick").value();
  StartWorker();
  ASSERT_TRUE(Becomes(quick, v1::TurnStatus::ANSWERED));
  StopWorker();
  options_.sweep_interval = milliseconds(200);
  script_->lasts = seconds(4);
  ASSERT_TRUE(Accept("long").ok());
  StartWorker();
  EXPECT_TRUE(Becomes(lost, v1::TurnStatus::DEAD));
  EXPECT_EQ(script_->in_hand, 1);
}

TEST_F(WorkTest, AnAdvisoryThatTellsNothingGoesToDeadAndStopsNobody) {
  for (const char* payload : {R"({"stream_seq": "x"})", R"({"stream_seq": -1})", "no JSON"}) {
    ASSERT_TRUE(
        RunOnLoop(io_, bus::PublishToStream(*connection_, kAdvisory, {}, payload, {}, Soon()))
            .ok());
  }
  StartWorker();
  EXPECT_TRUE(RunUntil(io_, [&] { return !WorkHolds(">"); }));
  const auto dead = Last("DEAD", "mesh.dead.advisory");
  ASSERT_TRUE(dead.ok()) << dead.status();
  EXPECT_EQ(dead->payload(), "no JSON");
  EXPECT_EQ(running_, 3);
}

TEST_F(WorkTest, AnAnswerThatWasStoredIsNotDeadWhateverItsLastDeliverySays) {
  script_->failures = {absl::UnavailableError("one"), absl::UnavailableError("two")};
  script_->lost_words = {absl::DeadlineExceededError("three")};
  const auto turn = Accept("hello", "", "k", kHook).value();
  StartWorker();
  ASSERT_TRUE(RunUntil(io_, [&] { return LastOf("WORK", "mesh.work.webhook.", turn).ok(); }));
  const v1::WebhookWork webhook = Webhook(*LastOf("WORK", "mesh.work.webhook.", turn));
  EXPECT_EQ(webhook.outcome().state(), v1::TurnStatus::ANSWERED);
  EXPECT_EQ(webhook.outcome().reply().reply(), "re: hello");
  EXPECT_TRUE(RunUntil(io_, [&] { return !WorkHolds("mesh.work.turn.>"); }));
  EXPECT_TRUE(absl::IsNotFound(LastOf("DEAD", "mesh.dead.turn.", turn).status()));
  EXPECT_EQ(script_->begun.size(), 3u);
}

TEST_F(WorkTest, WhatComesBackFromDeadSaysThatItWasTriedBefore) {
  const auto turn = Accept("hello").value();
  const auto stored = LastOf("WORK", "mesh.work.turn.", turn);
  ASSERT_TRUE(stored.ok());
  const uint64_t sequence = stored->stream_sequence();
  ASSERT_TRUE(RunOnLoop(io_, bus::DeleteMessage(*connection_, "WORK", sequence, Soon())).ok());
  ASSERT_TRUE(RunOnLoop(io_, bus::PublishToStream(*connection_, bus::StoredSubject(*stored),
                                                  {{"Mesh-Attempt", "2"}},
                                                  std::string(stored->payload()), {}, Soon()))
                  .ok());
  StartWorker();
  ASSERT_TRUE(Becomes(turn, v1::TurnStatus::ANSWERED));
  EXPECT_THAT(script_->attempts, ElementsAre(2));
}

TEST_F(WorkTest, ATurnThatLastsLongerThanTheBackOffIsNotDeliveredAgain) {
  script_->lasts = milliseconds(1500);
  const auto turn = Accept("hello").value();
  StartWorker();
  ASSERT_TRUE(Becomes(turn, v1::TurnStatus::ANSWERED));
  EXPECT_THAT(script_->begun, ElementsAre("hello"));
}

TEST_F(WorkTest, TurnsOfOneConversationFollowOneAnotherWithinTheBound) {
  options_.in_flight_max = 3;
  script_->lasts = milliseconds(10);
  const auto first = Accept("a0").value();
  std::vector<std::string> expected = {"a0"};
  v1::TurnStatus last;
  for (int i = 1; i < 6; ++i) {
    expected.push_back(StrCat("a", i));
    last = Accept(expected.back(), first.conversation_id()).value();
    ASSERT_TRUE(Accept(StrCat("other ", i)).ok());
  }
  StartWorker();
  ASSERT_TRUE(Becomes(last, v1::TurnStatus::ANSWERED));
  ASSERT_TRUE(RunUntil(io_, [&] { return !WorkHolds("mesh.work.>"); }));
  std::vector<std::string> order;
  for (const std::string& text : script_->begun) {
    if (text[0] == 'a') order.push_back(text);
  }
  EXPECT_EQ(order, expected);
  EXPECT_LE(script_->in_hand_max, 3);
  EXPECT_GT(script_->in_hand_max, 1);
}

TEST_F(WorkTest, WhoStopsFinishesWhatItHasBegunAndGivesTheRestBack) {
  script_->lasts = milliseconds(300);
  const auto first = Accept("one").value();
  const auto second = Accept("two", first.conversation_id()).value();
  StartWorker();
  ASSERT_TRUE(RunUntil(io_, [&] { return script_->in_hand == 1; }));
  StopWorker();
  EXPECT_THAT(script_->begun, ElementsAre("one"));
  EXPECT_EQ(LookUp(first)->state(), v1::TurnStatus::ANSWERED);
  EXPECT_EQ(LookUp(second)->state(), v1::TurnStatus::ACCEPTED);
  StartWorker();
  EXPECT_TRUE(Becomes(second, v1::TurnStatus::ANSWERED));
}

TEST_F(WorkTest, AFullQueueRefusesAndKeepsWhatItHas) {
  ASSERT_TRUE(RunOnLoop(io_, runtime::EnsureMeshStreams(*connection_, 1, Soon(), 5)).ok());
  std::vector<v1::TurnStatus> accepted;
  absl::Status refused;
  for (int i = 0; i < 100 && refused.ok(); ++i) {
    const auto turn = Accept(std::string(200, 'x'));
    if (turn.ok()) accepted.push_back(*turn);
    refused = turn.status();
  }
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_EQ(accepted.size(), 5u);
  StartWorker();
  for (const v1::TurnStatus& turn : accepted) {
    EXPECT_TRUE(Becomes(turn, v1::TurnStatus::ANSWERED));
  }
}

TEST_F(WorkTest, ATenthOfTheQueueIsNotForTurns) {
  ASSERT_TRUE(RunOnLoop(io_, runtime::EnsureMeshStreams(*connection_, 1, Soon(), 20)).ok());
  for (int i = 0; i < 18; ++i) {
    ASSERT_TRUE(RunOnLoop(io_, bus::PublishToStream(*connection_, StrCat("mesh.work.other.", i), {},
                                                    "", {}, Soon()))
                    .ok());
  }
  const auto turn = Accept("hello");
  EXPECT_TRUE(absl::IsUnavailable(turn.status())) << turn.status();
  EXPECT_GT(RetryAfterMsOf(turn.status()), 0);
  runtime::Context context;
  v1::TurnStatus outcome = conversation::StatusOf({NewUuid(), "t"}, v1::TurnStatus::ANSWERED);
  EXPECT_TRUE(RunOnLoop(io_, queue().StoreWebhook(context, kHook, outcome)).ok());
}

TEST_F(WorkTest, AFullQueueOfTurnsWithWebhooksDrains) {
  ASSERT_TRUE(RunOnLoop(io_, runtime::EnsureMeshStreams(*connection_, 1, Soon(), 5)).ok());
  std::vector<v1::TurnStatus> accepted;
  for (int i = 0; i < 5; ++i) accepted.push_back(Accept("hello", "", "", kHook).value());
  StartWorker();
  EXPECT_TRUE(RunUntil(
      io_, [&] { return !WorkHolds("mesh.work.turn.>"); }, seconds(30)));
  for (const v1::TurnStatus& turn : accepted) {
    EXPECT_EQ(LookUp(turn)->state(), v1::TurnStatus::ANSWERED);
    // Told, or kept for whoever replays it.
    auto news = LastOf("WORK", "mesh.work.webhook.", turn);
    if (!news.ok()) news = LastOf("DEAD", "mesh.dead.webhook.", turn);
    ASSERT_TRUE(news.ok()) << news.status();
    EXPECT_EQ(Webhook(*news).outcome().state(), v1::TurnStatus::ANSWERED);
  }
}

TEST_F(WorkTest, AConversationWithManyTurnsLeavesRoomForTheOthers) {
  options_.in_flight_max = 2;
  script_->lasts = milliseconds(300);
  const auto first = Accept("a0").value();
  for (int i = 1; i < 8; ++i) {
    ASSERT_TRUE(Accept(StrCat("a", i), first.conversation_id()).ok());
  }
  const auto other = Accept("other").value();
  StartWorker();
  ASSERT_TRUE(Becomes(other, v1::TurnStatus::ANSWERED));
  EXPECT_LT(std::find(script_->begun.begin(), script_->begun.end(), "other"),
            std::find(script_->begun.begin(), script_->begun.end(), "a4"));
  EXPECT_LE(script_->in_hand_max, 2);
}

TEST_F(WorkTest, AnIdThatIsAcceptedAgainAfterItLeftTheQueueIsStoredAgain) {
  const auto turn = Accept("hello", "", "k").value();
  const auto stored = LastOf("WORK", "mesh.work.turn.", turn);
  ASSERT_TRUE(stored.ok());
  EXPECT_NE(stored->Header("Nats-Msg-Id"), "");
  const uint64_t sequence = stored->stream_sequence();
  ASSERT_TRUE(RunOnLoop(io_, bus::DeleteMessage(*connection_, "WORK", sequence, Soon())).ok());
  // Within the minutes in which the server remembers the first message's id.
  const auto again = Accept("hello", turn.conversation_id(), "k");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state(), v1::TurnStatus::ACCEPTED);
  EXPECT_TRUE(LastOf("WORK", "mesh.work.turn.", turn).ok());
}

TEST_F(WorkTest, AServerThatRestartsKeepsTheQueue) {
  const auto turn = Accept("hello").value();
  server_.Kill();
  StartWorker();
  ASSERT_TRUE(RunUntil(io_, [&] { return connection_->state() != bus::State::kConnected; }));
  server_.Start();
  ASSERT_TRUE(RunUntil(io_, [&] { return connection_->state() == bus::State::kConnected; }));
  EXPECT_TRUE(Becomes(turn, v1::TurnStatus::ANSWERED));
}

// nats-server 2.9 cannot change this on a stream that exists.
TEST_F(WorkTest, AStreamFromBeforeStaysWithoutRepublishingAndIsNoError) {
  bus::StreamConfig config;
  config.name = "OLD";
  config.subjects = {"old.>"};
  ASSERT_TRUE(RunOnLoop(io_, bus::EnsureStream(*connection_, config, Soon())).ok());
  config.republish_from = "old.*";
  config.republish_to = "new.{{wildcard(1)}}";
  config.description = "changed";
  EXPECT_TRUE(RunOnLoop(io_, bus::EnsureStream(*connection_, config, Soon())).ok());
}

}  // namespace
}  // namespace switchboard
