#include "services/analytics/store.h"

#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "common/base/fault.h"
#include "services/analytics/percentile.h"
#include "services/analytics/schema.h"

namespace switchboard::analytics {
namespace {

using google::protobuf::util::TimeUtil;

constexpr int64_t kT0 = 1'790'000'000'000;

Deadline Soon() { return Deadline::After(std::chrono::seconds(30)); }

// A folder of the test's own, removed with everything in it.
class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("analytics_" + std::string(info->name()) + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "analytics.db").string(); }
  std::unique_ptr<Store> MustOpen() {
    auto store = Store::Open(path());
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  std::filesystem::path folder_;
};

v1::ConversationRecord Turn(const std::string& conversation, const std::string& turn,
                            int64_t at_ms) {
  v1::ConversationRecord record;
  record.mutable_conversation()->set_id(conversation);
  *record.mutable_recorded_at() = TimeUtil::MillisecondsToTimestamp(at_ms);
  v1::TurnCompleted* completed = record.mutable_turn();
  completed->set_text("Where is my order?");
  v1::TurnReply* reply = completed->mutable_reply();
  reply->set_conversation_id(conversation);
  reply->set_turn_id(turn);
  reply->set_reply("On its way.");
  reply->set_language("en");
  reply->set_intent("ORDER_STATUS");
  reply->set_confidence(0.9);
  reply->set_answered(true);
  reply->set_duration_ms(10);
  return record;
}

v1::FeedbackReceived Feedback(const std::string& id, uint32_t rating, int64_t at_ms) {
  v1::FeedbackReceived feedback;
  feedback.set_feedback_id(id);
  feedback.set_conversation_id("c1");
  feedback.set_rating(rating);
  *feedback.mutable_received_at() = TimeUtil::MillisecondsToTimestamp(at_ms);
  return feedback;
}

void AddAgent(v1::ConversationRecord& record, const std::string& name, double duration_ms,
              const std::string& outcome = "ok") {
  v1::AgentTiming* agent = record.mutable_turn()->mutable_reply()->add_agents();
  agent->set_name(name);
  agent->set_duration_ms(duration_ms);
  agent->set_outcome(outcome);
}

v1::SummaryReply MustSummarize(Store& store, int64_t from_ms, int64_t to_ms) {
  auto summary = store.Summarize({from_ms, to_ms}, Soon());
  EXPECT_TRUE(summary.ok()) << summary.status();
  return summary.ok() ? *std::move(summary) : v1::SummaryReply();
}

TEST_F(StoreTest, ATurnDeliveredTwiceCountsOnce) {
  auto store = MustOpen();
  std::vector<v1::ConversationRecord> batch = {Turn("c1", "t1", kT0), Turn("c1", "t2", kT0),
                                               Turn("c1", "t1", kT0)};
  AddAgent(batch[0], "escalation", 1);
  AddAgent(batch[2], "escalation", 1);
  EXPECT_EQ(*store->InsertTurns(batch), 2);
  EXPECT_EQ(*store->InsertTurns(batch), 0);
  const auto summary = MustSummarize(*store, kT0, kT0 + 1);
  EXPECT_EQ(summary.turns(), 2u);
  EXPECT_EQ(summary.conversations(), 1u);
  ASSERT_EQ(summary.latencies_size(), 2);
  EXPECT_EQ(summary.latencies(1).count(), 1u) << "the second delivery added no timings";
}

TEST_F(StoreTest, TheSameTurnIdInTwoConversationsIsTwoTurns) {
  auto store = MustOpen();
  EXPECT_EQ(*store->InsertTurns(std::vector{Turn("c1", "key", kT0), Turn("c2", "key", kT0)}), 2);
}

TEST_F(StoreTest, FeedbackDeliveredTwiceCountsOnce) {
  auto store = MustOpen();
  const std::vector<v1::FeedbackReceived> batch = {Feedback("f1", 5, kT0), Feedback("f2", 2, kT0),
                                                   Feedback("f1", 5, kT0)};
  EXPECT_EQ(*store->InsertFeedback(batch), 2);
  EXPECT_EQ(*store->InsertFeedback(batch), 0);
  const auto summary = MustSummarize(*store, kT0, kT0 + 1);
  EXPECT_EQ(summary.feedback_count(), 2u);
  EXPECT_DOUBLE_EQ(summary.rating_mean(), 3.5);
}

TEST_F(StoreTest, AWindowHasItsBeginningAndNotItsEnd) {
  auto store = MustOpen();
  ASSERT_TRUE(store->InsertTurns(std::vector{Turn("c1", "t1", kT0)}).ok());
  struct Case {
    const char* what;
    int64_t from_ms, to_ms;
    uint32_t turns;
  };
  const Case cases[] = {
      {"begins with the turn", kT0, kT0 + 1, 1},
      {"begins a millisecond after it", kT0 + 1, kT0 + 2, 0},
      {"ends with it", kT0 - 10, kT0, 0},
      {"ends a millisecond after it", kT0 - 10, kT0 + 1, 1},
      {"is all time", 0, kT0 * 2, 1},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(MustSummarize(*store, c.from_ms, c.to_ms).turns(), c.turns) << c.what;
  }
}

TEST(NearestRank, AgreesWithTheTableComputedByHand) {
  struct Case {
    const char* what;
    int values;  // 1, 2, … n
    int percent;
    double expected;
  };
  const Case cases[] = {
      {"one value is every percentile", 1, 99, 1},
      {"the median of two is the lower", 2, 50, 1},
      {"of three the middle", 3, 50, 2},
      {"95 of twenty is the 19th", 20, 95, 19},
      {"95 of 21 is the 20th", 21, 95, 20},
      {"99 of a hundred is the 99th", 100, 99, 99},
      {"99 of 101 is the 100th", 101, 99, 100},
      {"100 is the greatest", 7, 100, 7},
      {"nothing has none", 0, 50, 0},
  };
  for (const Case& c : cases) {
    std::vector<double> values;
    for (int i = 1; i <= c.values; ++i) values.push_back(i);
    EXPECT_EQ(NearestRank(values, c.percent), c.expected) << c.what;
  }
}

TEST_F(StoreTest, LatenciesAreExactForEachAgentAndTheTurn) {
  auto store = MustOpen();
  std::vector<v1::ConversationRecord> batch;
  for (int i = 1; i <= 200; ++i) {
    // Not in order, so that sorting matters.
    const int value = (i * 73) % 200 + 1;
    batch.push_back(Turn("c1", "t" + std::to_string(i), kT0 + i));
    batch.back().mutable_turn()->mutable_reply()->set_duration_ms(value * 2);
    AddAgent(batch.back(), "knowledge-retrieval", value);
    AddAgent(batch.back(), "escalation", i == 1 ? 9000 : 0.5, i == 1 ? "timeout" : "ok");
    if (i % 2 == 0) AddAgent(batch.back(), "intent-classifier", 0, "unavailable");
  }
  ASSERT_TRUE(store->InsertTurns(batch).ok());
  const auto summary = MustSummarize(*store, kT0, kT0 + 1000);
  ASSERT_EQ(summary.latencies_size(), 3) << "calls that nobody answered are no latency";
  struct Expected {
    const char* name;
    double p50, p95, p99;
  };
  const Expected expected[] = {{"turn", 200, 380, 396},
                               {"escalation", 0.5, 0.5, 0.5},
                               {"knowledge-retrieval", 100, 190, 198}};
  for (int i = 0; i < 3; ++i) {
    const auto& latency = summary.latencies(i);
    EXPECT_EQ(latency.name(), expected[i].name);
    EXPECT_EQ(latency.count(), 200u) << latency.name();
    EXPECT_EQ(latency.p50_ms(), expected[i].p50) << latency.name();
    EXPECT_EQ(latency.p95_ms(), expected[i].p95) << latency.name();
    EXPECT_EQ(latency.p99_ms(), expected[i].p99) << latency.name();
  }
}

TEST_F(StoreTest, RatesAndFrequenciesFollowTheTurns) {
  auto store = MustOpen();
  std::vector<v1::ConversationRecord> batch;
  for (int i = 0; i < 5; ++i) batch.push_back(Turn("c1", "t" + std::to_string(i), kT0));
  v1::TurnReply* escalated = batch[1].mutable_turn()->mutable_reply();
  escalated->set_escalated(true);
  escalated->mutable_escalation()->add_reasons("anger");
  escalated->mutable_escalation()->add_reasons("legal");
  escalated->set_intent("COMPLAINT");
  v1::TurnReply* blocked = batch[2].mutable_turn()->mutable_reply();
  blocked->set_blocked(true);
  blocked->set_answered(false);
  blocked->set_policy("prompt_injection");
  v1::TurnReply* unanswered = batch[3].mutable_turn()->mutable_reply();
  unanswered->set_answered(false);
  unanswered->set_language("fr");
  v1::TurnReply* degraded = batch[4].mutable_turn()->mutable_reply();
  degraded->add_degraded("intent-classifier");
  degraded->clear_intent();
  degraded->clear_confidence();
  batch[4].mutable_turn()->mutable_usage()->set_cost(0.25);
  ASSERT_TRUE(store->InsertTurns(batch).ok());
  const auto summary = MustSummarize(*store, kT0, kT0 + 1);
  EXPECT_EQ(summary.turns(), 5u);
  EXPECT_EQ(summary.escalated(), 1u);
  EXPECT_EQ(summary.blocked(), 1u);
  EXPECT_EQ(summary.degraded(), 1u);
  EXPECT_EQ(summary.unanswered(), 1u) << "a blocked turn is not counted again here";
  EXPECT_DOUBLE_EQ(summary.automation_rate(), 2.0 / 5);
  EXPECT_DOUBLE_EQ(summary.escalation_rate(), 1.0 / 5);
  EXPECT_NEAR(summary.confidence_mean(), 0.9, 1e-9) << "turns without an intent do not lower it";
  EXPECT_DOUBLE_EQ(summary.cost(), 0.25);
  ASSERT_EQ(summary.intents_size(), 2);
  EXPECT_EQ(summary.intents(0).name(), "ORDER_STATUS");
  EXPECT_EQ(summary.intents(0).count(), 3u);
  ASSERT_EQ(summary.languages_size(), 2);
  EXPECT_EQ(summary.languages(0).count(), 4u);
  ASSERT_EQ(summary.policies_size(), 1);
  EXPECT_EQ(summary.policies(0).name(), "prompt_injection");
  EXPECT_EQ(summary.escalation_reasons_size(), 2);
}

TEST_F(StoreTest, AnEmptyWindowIsAllZeros) {
  auto store = MustOpen();
  const auto summary = MustSummarize(*store, 0, kT0);
  EXPECT_EQ(summary.turns(), 0u);
  EXPECT_EQ(summary.automation_rate(), 0);
  EXPECT_EQ(summary.confidence_mean(), 0);
  EXPECT_EQ(summary.latencies_size(), 0);
}

TEST_F(StoreTest, IsEmptyUntilSomethingIsStoredHoweverOftenItWasOpened) {
  EXPECT_TRUE(MustOpen()->empty());
  EXPECT_TRUE(MustOpen()->empty()) << "a start that failed after the file was made";
}

TEST_F(StoreTest, CountsSurviveARestart) {
  {
    auto store = MustOpen();
    EXPECT_TRUE(store->empty());
    ASSERT_TRUE(store->InsertTurns(std::vector{Turn("c1", "t1", kT0)}).ok());
  }
  auto store = MustOpen();
  EXPECT_FALSE(store->empty());
  EXPECT_EQ(*store->InsertTurns(std::vector{Turn("c1", "t1", kT0), Turn("c1", "t2", kT0)}), 1);
  EXPECT_EQ(MustSummarize(*store, kT0, kT0 + 1).turns(), 2u);
}

TEST_F(StoreTest, PruningRemovesTheOldInBoundedSteps) {
  auto store = MustOpen();
  std::vector<v1::ConversationRecord> batch;
  for (int i = 0; i < 10; ++i) batch.push_back(Turn("c1", "t" + std::to_string(i), kT0 + i));
  AddAgent(batch[0], "escalation", 1);
  ASSERT_TRUE(store->InsertTurns(batch).ok());
  ASSERT_TRUE(store->InsertFeedback(std::vector{Feedback("f1", 5, kT0)}).ok());
  EXPECT_EQ(*store->Prune(kT0 + 7, 5), 5);
  EXPECT_EQ(*store->Prune(kT0 + 7, 5), 2);
  EXPECT_EQ(*store->Prune(kT0 + 7, 5), 0);
  const auto summary = MustSummarize(*store, 0, kT0 + 100);
  EXPECT_EQ(summary.turns(), 3u);
  EXPECT_EQ(summary.feedback_count(), 0u);
  EXPECT_EQ(summary.latencies_size(), 1) << "the removed turn's timings are gone with it";
}

TEST_F(StoreTest, ASummaryStopsAtItsDeadline) {
  auto store = MustOpen();
  std::vector<v1::ConversationRecord> batch;
  for (int i = 0; i < 5000; ++i) batch.push_back(Turn("c1", "t" + std::to_string(i), kT0 + i));
  ASSERT_TRUE(store->InsertTurns(batch).ok());
  const auto late = store->Summarize({0, kT0 * 2}, Deadline::After(std::chrono::seconds(-1)));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded) << late.status();
  EXPECT_EQ(MustSummarize(*store, 0, kT0 * 2).turns(), 5000u) << "and the next one works";
}

TEST_F(StoreTest, AFigureThatIsNoNumberDoesNotSpoilTheBatch) {
  auto store = MustOpen();
  auto record = Turn("c1", "t1", kT0);
  AddAgent(record, "escalation", std::numeric_limits<double>::quiet_NaN());
  record.mutable_turn()->mutable_reply()->set_confidence(std::numeric_limits<double>::infinity());
  EXPECT_EQ(*store->InsertTurns(std::vector{record}), 1);
}

TEST_F(StoreTest, AProbeFindsTheFileWritable) {
  auto store = MustOpen();
  EXPECT_TRUE(store->Probe(kT0).ok());
  EXPECT_TRUE(store->Probe(kT0 + 1).ok());
}

TEST_F(StoreTest, AFileThatIsNoDatabaseIsRefusedWithARemedy) {
  std::ofstream(path()) << std::string(8192, 'x');
  const auto store = Store::Open(path());
  ASSERT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
  EXPECT_NE(store.status().message().find(path()), std::string::npos);
  EXPECT_NE(RemedyOf(store.status()).find("switchboard analytics rebuild"), std::string::npos);
}

TEST_F(StoreTest, AFolderThatDoesNotExistIsUnavailable) {
  const auto store = Store::Open((folder_ / "missing" / "a.db").string());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kUnavailable) << store.status();
}

TEST_F(StoreTest, AFileOfANewerBuildIsLeftAlone) {
  {
    auto database = Database::Open(path(), std::chrono::seconds(1));
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->Execute("PRAGMA user_version=999").ok());
  }
  const auto store = Store::Open(path());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition) << store.status();
}

TEST_F(StoreTest, MigrationBringsANewFileToTheCurrentVersionOnce) {
  auto database = Database::Open(path(), std::chrono::seconds(1));
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(*Migrate(*database), 0);
  EXPECT_EQ(*Migrate(*database), SchemaVersion());
}

TEST(CheckTurn, NamesWhatIsMissing) {
  struct Case {
    const char* what;
    std::function<void(v1::ConversationRecord&)> spoil;
    const char* field;  // empty: fine
  };
  const Case cases[] = {
      {"a whole turn", [](v1::ConversationRecord&) {}, ""},
      {"the conversation's id may stand in the state",
       [](v1::ConversationRecord& r) {
         r.mutable_turn()->mutable_reply()->clear_conversation_id();
       },
       ""},
      {"no event", [](v1::ConversationRecord& r) { r.clear_turn(); }, "turn"},
      {"no turn id",
       [](v1::ConversationRecord& r) { r.mutable_turn()->mutable_reply()->clear_turn_id(); },
       "turn.reply.turn_id"},
      {"no time", [](v1::ConversationRecord& r) { r.clear_recorded_at(); }, "recorded_at"},
      {"a time after the year 9999",
       [](v1::ConversationRecord& r) { r.mutable_recorded_at()->set_seconds(1LL << 50); },
       "recorded_at"},
  };
  for (const Case& c : cases) {
    auto record = Turn("c1", "t1", kT0);
    c.spoil(record);
    EXPECT_EQ(FieldOf(CheckTurn(record)), c.field) << c.what;
  }
}

TEST_F(StoreTest, AConfidenceBeyondItsBoundsDoesNotFalsifyTheMean) {
  const auto store = MustOpen();
  const double confidences[] = {1e308, -7, std::numeric_limits<double>::quiet_NaN(), 1};
  for (const double confidence : confidences) {
    auto record = Turn("c1", "t" + std::to_string(confidence), kT0);
    record.mutable_turn()->mutable_reply()->set_confidence(confidence);
    ASSERT_TRUE(store->InsertTurns({&record, 1}).ok());
  }
  const auto summary = store->Summarize({kT0, kT0 + 1}, Soon());
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->turns(), 4u);
  EXPECT_DOUBLE_EQ(summary->confidence_mean(), 0.5);
}

}  // namespace
}  // namespace switchboard::analytics
