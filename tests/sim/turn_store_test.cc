// What a cluster does to the record of turns: replicas that are behind, writers at the same moment.
#include "common/conversation/turn_store.h"

#include <gtest/gtest.h>

#include <optional>

#include "common/base/id.h"
#include "common/conversation/state.h"
#include "common/runtime/streams.h"
#include "tests/sim/jetstream.h"
#include "tests/sim/process.h"

namespace switchboard::sim {
namespace {

using conversation::Beginning;
using conversation::TurnStore;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kConversation = NamedUuid("test", "conversation");

v1::TurnRequest Request(const std::string& turn_id, const std::string& principal) {
  v1::TurnRequest request;
  request.set_turn_id(turn_id);
  request.set_conversation_id(kConversation);
  request.set_may_open_conversation(true);
  request.set_client_key(true);
  request.set_principal(principal);
  request.set_text("hello");
  return request;
}

class TurnStoreTest : public ::testing::Test {
 protected:
  TurnStoreTest()
      : process_(
            broker_, "writer", [](Process&) { return std::make_unique<Program>(); },
            [](Process&) {}) {
    process_.Run();
    store_.emplace(process_.connection(), "test");
    const auto ready = Await(runtime::EnsureMeshStreams(process_.connection(), 1, Soon()));
    EXPECT_TRUE(ready.ok()) << ready;
  }

  static Deadline Soon() { return Deadline::After(seconds(5)); }

  template <typename T>
  T Await(Awaitable<T> work) {
    std::optional<T> result;
    process_.Post([&] {
      asio::co_spawn(process_.connection().io(), std::move(work),
                     [&](std::exception_ptr, T value) { result.emplace(std::move(value)); });
    });
    EXPECT_TRUE(simulation_.RunFor(seconds(10)));
    return *std::move(result);
  }

  absl::StatusOr<v1::TurnCompleted> Finish(const v1::TurnRequest& request, Beginning beginning,
                                           const std::string& answer = "answer") {
    v1::TurnCompleted completed;
    completed.set_text(request.text());
    completed.mutable_reply()->set_turn_id(request.turn_id());
    completed.mutable_reply()->set_conversation_id(kConversation);
    completed.mutable_reply()->set_reply(answer);
    runtime::Context context;
    context.deadline = Soon();
    return Await(store_->Finish(std::move(context), request, std::move(beginning.before),
                                std::move(completed), {}, "summary"));
  }

  void LetReplicasBeBehind() {
    broker_.weather().replicated = true;
    broker_.jetstream().lag_most = std::chrono::hours(1000);
  }
  size_t records() { return broker_.jetstream().stream(runtime::kTurnsStream)->messages().size(); }

  Simulation simulation_{1, false};
  Broker broker_{simulation_, Weather()};
  Process process_;
  std::optional<TurnStore> store_;  // once the process has a connection
};

TEST_F(TurnStoreTest, AConversationIsFoundThoughAReplicaHasNotSeenItYet) {
  v1::TurnRequest first = Request("1", "shop");
  ASSERT_TRUE(Finish(first, *Await(store_->Begin(first, Soon()))).ok());
  LetReplicasBeBehind();
  v1::TurnRequest second = Request("2", "shop");
  second.set_may_open_conversation(false);
  const auto beginning = Await(store_->Begin(second, Soon()));
  ASSERT_TRUE(beginning.ok()) << beginning.status();
  EXPECT_EQ(beginning->before.sequence, 1u);
}

TEST_F(TurnStoreTest, ATurnConductedTwiceAtOnceGetsOneAnswerThoughReplicasAreBehind) {
  LetReplicasBeBehind();
  const v1::TurnRequest request = Request("1", "shop");
  Beginning first = *Await(store_->Begin(request, Soon()));
  Beginning second = *Await(store_->Begin(request, Soon()));
  ASSERT_TRUE(Finish(request, std::move(first), "one answer").ok());
  const auto again = Finish(request, std::move(second), "another");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->reply().reply(), "one answer");
  EXPECT_EQ(records(), 1u);
}

TEST_F(TurnStoreTest, TwoWhoOpenTheSameConversationAtOnceDoNotShareIt) {
  const v1::TurnRequest mine = Request("1", "shop");
  const v1::TurnRequest theirs = Request("2", "another shop");
  Beginning first = *Await(store_->Begin(mine, Soon()));
  Beginning second = *Await(store_->Begin(theirs, Soon()));
  ASSERT_TRUE(Finish(mine, std::move(first)).ok());
  EXPECT_TRUE(absl::IsNotFound(Finish(theirs, std::move(second)).status()));
  EXPECT_EQ(records(), 1u);
}

TEST_F(TurnStoreTest, TwoTurnsAtOnceFollowOneAnother) {
  const v1::TurnRequest one = Request("1", "shop");
  const v1::TurnRequest two = Request("2", "shop");
  Beginning first = *Await(store_->Begin(one, Soon()));
  Beginning second = *Await(store_->Begin(two, Soon()));
  ASSERT_TRUE(Finish(two, std::move(second)).ok());
  ASSERT_TRUE(Finish(one, std::move(first)).ok());
  const auto last = Await(store_->Load(kConversation, Soon()));
  ASSERT_TRUE(last.ok());
  ASSERT_EQ(last->record.conversation().window_size(), 2);
  EXPECT_EQ(last->record.conversation().window(0).turn_id(), "2");
  EXPECT_EQ(last->record.conversation().window(1).turn_id(), "1");
}

}  // namespace
}  // namespace switchboard::sim
