#include "common/conversation/work_queue.h"

#include <gtest/gtest.h>

namespace switchboard::conversation {
namespace {

constexpr char kConversation[] = "0199f3a2-7c41-7b62-9d0e-5a8f3f1c2b7d";

TEST(TurnToken, IsTheIdOrItsPercentEncoding) {
  struct Case {
    const char* sentence;
    const char* id;
    const char* token;
  };
  const Case cases[] = {
      {"a UUID is a token already", "0199f3a2-7c4e-7d05-8c1b-2e6f9a4b7c31",
       "0199f3a2-7c4e-7d05-8c1b-2e6f9a4b7c31"},
      {"a dot would be two tokens", "a.b", "a%2Eb"},
      {"wildcards would match others", "*>", "%2A%3E"},
      {"a percent sign is not taken for an encoding", "a%2Eb", "a%252Eb"},
      {"a slash would be two segments of a URL", "order/1", "order%2F1"},
      {"letters keep their case", "Ab_9-", "Ab_9-"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(TurnToken(c.id), c.token) << c.sentence;
    const auto back = TurnIdOfToken(c.token);
    ASSERT_TRUE(back.ok()) << c.sentence;
    EXPECT_EQ(*back, c.id) << c.sentence;
  }
}

TEST(TurnToken, HasOneSpellingOnly) {
  for (const char* token : {"", "%", "%4", "%41", "%2e", "a.b", "%20", "%00", "%C3%A9"}) {
    EXPECT_FALSE(TurnIdOfToken(token).ok()) << token;
  }
}

TEST(TurnName, IsReadFromIdsAndSubjects) {
  const std::string conversation(kConversation);
  const auto name = ParseTurnName(conversation + ".a.b");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->turn_id, "a.b");
  EXPECT_EQ(name->Suffix(), conversation + ".a%2Eb");
  const auto same = TurnOfSubject(kWorkTurnPrefix + name->Suffix(), kWorkTurnPrefix);
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->Id(), name->Id());
}

TEST(TurnName, RefusesWhatNamesNoTurn) {
  const std::string conversation(kConversation);
  for (const std::string& id :
       {std::string(), conversation, conversation + ".", conversation + "/a", std::string("x.y"),
        conversation + ".a b", conversation + "." + std::string(129, 'a')}) {
    EXPECT_FALSE(ParseTurnName(id).has_value()) << id;
  }
  EXPECT_FALSE(TurnOfSubject("mesh.work.turn.nobody.a", kWorkTurnPrefix).has_value());
  EXPECT_FALSE(TurnOfSubject(kWorkTurnPrefix + conversation + ".a.b", kWorkTurnPrefix).has_value());
}

}  // namespace
}  // namespace switchboard::conversation
