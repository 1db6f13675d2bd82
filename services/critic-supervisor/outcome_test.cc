#include "services/critic-supervisor/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::critic_supervisor {
namespace {

using ::testing::ElementsAre;

TEST(Outcome, TheLanguageIsTheFirstThatIsKnown) {
  struct Case {
    const char* sentence;
    const char* asked;
    const char* detected;
    double confidence;
    const char* before;
    const char* answer;
  };
  const Case cases[] = {
      {"the client's wish wins", "es", "fr", 1.0, "en", "es"},
      {"then the message's own", "", "fr", 0.9, "en", "fr"},
      {"a guess does not change a conversation's language", "", "fr", 0.4, "en", "en"},
      {"a guess is better than nothing", "", "fr", 0.4, "", "fr"},
      {"an undecided detector leaves the conversation's", "", "und", 0.0, "es", "es"},
      {"English when nothing is known", "", "", 0.0, "", "en"},
  };
  for (const Case& c : cases) {
    v1::TurnRequest request;
    request.set_language(c.asked);
    v1::ClassifyReply classification;
    classification.set_language(c.detected);
    classification.set_language_confidence(c.confidence);
    v1::Conversation conversation;
    conversation.set_language(c.before);
    EXPECT_EQ(AnswerLanguage(request, classification, conversation), c.answer) << c.sentence;
  }
}

TEST(Outcome, TheDesksAssessmentDecides) {
  Findings findings;
  findings.assessed = true;
  findings.assessment.set_escalate(true);
  findings.assessment.add_reasons("legal");
  findings.assessment.set_priority("high");
  findings.assessment.set_team("legal");
  v1::TurnReply reply;
  DecideEscalation(findings, reply);
  EXPECT_TRUE(reply.escalated());
  EXPECT_THAT(reply.escalation().reasons(), ElementsAre("legal"));
  EscalateFor("answer_withheld", reply);
  EXPECT_THAT(reply.escalation().reasons(), ElementsAre("legal", "answer_withheld"));
  EXPECT_EQ(reply.escalation().priority(), "high");
}

TEST(Outcome, AClearRequestForAPersonCountsOnlyWhileTheDeskIsAway) {
  Findings findings;
  v1::TurnReply reply;
  reply.set_intent("ESCALATION_REQUEST");
  reply.set_confidence(0.95);
  findings.assessed = true;
  DecideEscalation(findings, reply);
  EXPECT_FALSE(reply.escalated());
  findings.assessed = false;
  DecideEscalation(findings, reply);
  EXPECT_TRUE(reply.escalated());
  EXPECT_THAT(reply.escalation().reasons(), ElementsAre("human_requested"));
}

TEST(Outcome, TheSummaryNamesWhatAnOperatorLooksFor) {
  v1::TurnReply reply;
  reply.set_intent("ORDER_STATUS");
  reply.set_confidence(0.97);
  reply.set_duration_ms(1.23);
  reply.set_answered(true);
  EXPECT_EQ(Summarise(reply, 3), "intent=ORDER_STATUS 0.97, 3 passages, 1.2 ms");
  reply.add_degraded("escalation");
  reply.set_blocked(true);
  reply.set_policy("prompt_injection");
  EXPECT_EQ(Summarise(reply, 0),
            "intent=ORDER_STATUS 0.97, 0 passages, 1.2 ms, blocked=prompt_injection, "
            "degraded=escalation");
}

}  // namespace
}  // namespace switchboard::critic_supervisor
