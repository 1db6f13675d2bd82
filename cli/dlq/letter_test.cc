#include "cli/dlq/letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "switchboard/v1/turn.pb.h"

namespace switchboard::cli::dlq {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

Letter DeadTurn() {
  v1::TurnWork work;
  work.mutable_request()->set_text("my secret question");
  return ReadLetter(
      {{"Nats-Stream", "DEAD"},
       {"Nats-Subject", "mesh.dead.turn.c1.t-1"},
       {"Nats-Sequence", "7"},
       {"Nats-Time-Stamp", "2026-11-20T08:00:00.123456789Z"},
       {"Nats-Msg-Id", "turn-mesh.work.turn.c1.t-1-3"},
       {"Mesh-Type", "switchboard.v1.TurnWork"},
       {"Mesh-Turn", "t-1"},
       {"Mesh-Conversation", "c1"},
       {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
       {"Mesh-Dead-Reason", "UNAVAILABLE: no agent"},
       {"Mesh-Dead-Subject", "mesh.work.turn.c1.t-1"},
       {"Mesh-Dead-Sequence", "3"},
       {"Mesh-Dead-Deliveries", "2"},
       {"Mesh-Dead-History", "1 2026-11-20T07:59:58Z ab12 UNAVAILABLE: a | 2 … cd34 no outcome"}},
      work.SerializeAsString());
}

TEST(ReadLetter, TellsWhatTheHeadersSay) {
  const Letter letter = DeadTurn();
  EXPECT_EQ(letter.sequence, 7u);
  EXPECT_EQ(letter.origin, "turn");
  EXPECT_EQ(letter.from_subject, "mesh.work.turn.c1.t-1");
  EXPECT_EQ(letter.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_THAT(letter.history,
              ElementsAre("1 2026-11-20T07:59:58Z ab12 UNAVAILABLE: a", "2 … cd34 no outcome"));
}

TEST(ReadLetter, KeepsOnlyTheMessagesOwnHeadersForAReplay) {
  EXPECT_THAT(DeadTurn().headers,
              ElementsAre(Pair("Mesh-Type", "switchboard.v1.TurnWork"), Pair("Mesh-Turn", "t-1"),
                          Pair("Mesh-Conversation", "c1"), Pair("traceparent", ::testing::_)));
}

TEST(ReadLetter, BearsALetterThatSaysNothing) {
  const Letter letter = ReadLetter({{"Nats-Subject", "mesh.dead.x"}}, "\xff");
  EXPECT_EQ(letter.origin, "x");
  EXPECT_THAT(letter.history, ElementsAre());
  EXPECT_THAT(FormatLetter(letter, {}, true), HasSubstr("(1 bytes that are no known type)\nff"));
}

TEST(PlanReplay, StoresWhatLeftItsQueueAndHandsBackWhatStandsInItsStream) {
  struct Case {
    const char* what;
    std::string subject;
    absl::StatusOr<Replay> expected;
  };
  const absl::Status refused = absl::FailedPreconditionError("");
  const Case cases[] = {
      {"accepted work", "mesh.work.turn.c1.t1", Replay::kStore},
      {"a webhook", "mesh.work.webhook.c1.t1", Replay::kStore},
      {"a turn's record", "mesh.turn.completed.c1", Replay::kRedeliver},
      {"feedback", "mesh.event.feedback.received", Replay::kRedeliver},
      {"a dead letter", "mesh.dead.turn.c1.t1", refused},
      {"the server's subjects", "$JS.API.STREAM.DELETE.TURNS", refused},
      {"a bucket", "$KV.tickets.T-1", refused},
      {"a subject that begins alike", "meshes.work", refused},
      {"a pattern", "mesh.work.>", refused},
      {"nothing", "", refused},
  };
  for (const Case& c : cases) {
    Letter letter = DeadTurn();
    letter.from_subject = c.subject;
    const auto plan = PlanReplay(letter);
    EXPECT_EQ(plan.status().code(), c.expected.status().code()) << c.what;
    if (plan.ok() && c.expected.ok()) {
      EXPECT_EQ(*plan, *c.expected) << c.what;
    } else {
      EXPECT_NE(RemedyOf(plan.status()), "") << c.what;
    }
  }
}

TEST(RetriedSubject, NamesTheTurnsEvents) {
  Letter letter = DeadTurn();
  EXPECT_EQ(RetriedSubject(letter), "mesh.event.turn.retried.c1.t-1");
  letter.from_subject = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.WORK.turns";
  EXPECT_EQ(RetriedSubject(letter), "mesh.event.turn.retried.c1.t-1") << "from its own subject";
  letter.subject = "mesh.dead.analytics";
  EXPECT_EQ(RetriedSubject(letter), "");
}

TEST(FormatLetter, ShowsEveryAttemptAndNoWordOfTheCustomer) {
  const std::vector<Retry> retries = {{"2026-11-20T07:59:58Z", 1, "ab12", "UNAVAILABLE: a"}};
  const std::string text = FormatLetter(DeadTurn(), retries, false);
  EXPECT_THAT(text, AllOf(HasSubstr("UNAVAILABLE: no agent"), HasSubstr("  2 … cd34 no outcome\n"),
                          HasSubstr("1 2026-11-20T07:59:58Z ab12 UNAVAILABLE: a"),
                          HasSubstr("switchboard.v1.TurnWork, "), Not(HasSubstr("secret"))));
  EXPECT_THAT(FormatLetter(DeadTurn(), retries, true), HasSubstr("my secret question"));
}

TEST(LetterJson, HasThePayloadOnlyWhenAsked) {
  const auto plain = nlohmann::json::parse(LetterJson(DeadTurn(), {}, false));
  EXPECT_EQ(plain["id"], 7);
  EXPECT_EQ(plain["history"].size(), 2u);
  EXPECT_FALSE(plain.contains("payload"));
  const auto whole = nlohmann::json::parse(LetterJson(DeadTurn(), {}, true));
  EXPECT_EQ(whole["payload"]["request"]["text"], "my secret question");
}

TEST(FormatLetters, IsATableWithoutPayloads) {
  const std::string table = FormatLetters({DeadTurn()});
  EXPECT_THAT(table, AllOf(HasSubstr("2026-11-20T08:00:00 "), HasSubstr("turn"),
                           HasSubstr("UNAVAILABLE: no agent"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace switchboard::cli::dlq
