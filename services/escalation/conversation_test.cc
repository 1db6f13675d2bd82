// Whole conversations: what counts is where they stand, not the last line alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/escalation/assessor.h"

namespace switchboard::escalation {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

const Assessor& Shipped() {
  static const absl::StatusOr<Assessor> assessor =
      Assessor::Load("services/escalation/data/signals.json", SWITCHBOARD_MODEL_PATH);
  EXPECT_TRUE(assessor.ok()) << assessor.status();
  return *assessor;
}

// Customer and assistant in turn, the customer first and last; no language given.
std::vector<std::string> ReasonsOf(const std::vector<const char*>& messages) {
  v1::AssessRequest request;
  for (size_t i = 0; i + 2 < messages.size(); i += 2) {
    v1::Exchange& exchange = *request.add_history();
    exchange.set_text(messages[i]);
    exchange.set_reply(messages[i + 1]);
    exchange.set_answered(true);
  }
  request.set_text(messages.back());
  const v1::AssessReply reply = Shipped().Assess(request);
  return {reply.reasons().begin(), reply.reasons().end()};
}

struct Case {
  const char* sentence;
  std::vector<const char*> messages;
  const char* reason;  // nullptr: nobody is called
};

TEST(Conversation, EscalatesByWhereItStands) {
  const Case cases[] = {
      {"steps that do not help",
       {"my blender won't start", "Check the plug.", "checked, nothing", "Try another socket.",
        "tried two, still nothing"},
       "repeated_failure"},
      {"steps that helped in the end",
       {"my blender won't start", "Check the plug.", "checked, nothing", "Try another socket.",
        "works now, thank you"},
       nullptr},
      {"a question asked in other words",
       {"is the throw washable", "It comes in four colours.", "yes but can it be washed",
        "It measures 130 by 170.", "I'm asking about washing it"},
       "repeated_failure"},
      {"new questions, each answered",
       {"is the throw washable", "Yes, at 30 degrees.", "and which colours are there?",
        "Moss and rust.", "how big is it?"},
       nullptr},
      {"anger that grows",
       {"where is it", "On its way.", "that's what you said last week", "We are sorry.",
        "sorry?! you are useless liars, this is a disgrace"},
       "anger"},
      {"anger that is over",
       {"where is it", "On its way.", "this is really annoying", "It arrives at four today.",
        "oh great, thank you so much"},
       nullptr},
      {"a person asked for after some turns",
       {"how do I return this", "With the label in the box.",
        "I'd rather talk to one of your people about it"},
       "human_requested"},
      {"a person declined",
       {"when does it ship", "I can connect you to a colleague.",
        "no need for an agent, just the date"},
       nullptr},
      {"French",
       {"ça ne chauffe pas", "Vérifiez la prise.", "vérifiée, toujours rien"},
       "repeated_failure"},
      {"Spanish",
       {"no calienta", "Revise el enchufe.", "revisado, sigue igual"},
       "repeated_failure"},
      {"German",
       {"heizt nicht", "Prüfen Sie den Stecker.", "geprüft, immer noch nichts"},
       "repeated_failure"},
  };
  for (const Case& one : cases) {
    const auto reasons = ReasonsOf(one.messages);
    if (one.reason == nullptr) {
      EXPECT_THAT(reasons, IsEmpty()) << one.sentence;
    } else {
      EXPECT_THAT(reasons, Contains(one.reason)) << one.sentence;
    }
  }
}

TEST(Conversation, SelfHarmIsHeardInEveryLanguageAndIdiomsAreNot) {
  for (const char* said : {"I don't want to live any more", "I'm going to kill myself",
                           "I took all the pills", "je veux mourir", "je n'ai plus envie de vivre",
                           "quiero morir", "no quiero vivir más", "ich will nicht mehr leben",
                           "ich bringe mich um", "please cancel it, I want to end my life"}) {
    v1::AssessRequest request;
    request.set_text(said);
    const v1::AssessReply reply = Shipped().Assess(request);
    EXPECT_THAT(std::vector<std::string>(reply.reasons().begin(), reply.reasons().end()),
                Contains("self_harm"))
        << said;
    EXPECT_EQ(reply.priority(), "urgent") << said;
    EXPECT_EQ(reply.immediate_words().size(), 4u) << said;
  }
  for (const char* said :
       {"my feet are killing me, do you have slippers", "I'm dying to try the new roast",
        "I want to end my subscription", "je suis morte de rire", "me muero de risa",
        "das ist ja zum Totlachen", "I could kill for a coffee right now"}) {
    EXPECT_THAT(ReasonsOf({said}), Not(Contains("self_harm"))) << said;
  }
}

TEST(Conversation, AChildWhoWritesIsNoAccident) {
  v1::AssessRequest request;
  request.set_text("hi im 10 and i used my mums card");
  const v1::AssessReply reply = Shipped().Assess(request);
  EXPECT_THAT(std::vector<std::string>(reply.reasons().begin(), reply.reasons().end()),
              Contains("minor"));
  EXPECT_THAT(reply.immediate_words(), IsEmpty());
}

TEST(Conversation, TheLongestHistoryDoesNotHideTheLastMessage) {
  v1::AssessRequest request;
  request.set_text("smoke comes out of the charger");
  for (int i = 0; i < 10; ++i) {
    request.add_history()->set_text(std::string(1024, 'b'));
    request.mutable_history(i)->set_reply(std::string(1024, 'c'));
  }
  const v1::AssessReply reply = Shipped().Assess(request);
  ASSERT_GT(reply.reasons_size(), 0);
  EXPECT_EQ(reply.reasons(0), "safety");
}

}  // namespace
}  // namespace switchboard::escalation
