#include "services/knowledge-retrieval/inverted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace switchboard::knowledge_retrieval {
namespace {

std::vector<PassageId> PassagesWith(const Inverted& inverted, TermId term) {
  std::vector<PassageId> passages;
  for (const Posting& posting : inverted.PostingsOf(term)) passages.push_back(posting.passage);
  return passages;
}

TEST(Inverted, KnowsWhichPassagesHoldATerm) {
  Inverted inverted;
  const PassageId a = inverted.Add({{.term = 1, .counts = {1, 0, 0, 2}}, {.term = 7}});
  const PassageId b = inverted.Add({{.term = 7, .counts = {0, 0, 0, 4}}});
  EXPECT_THAT(PassagesWith(inverted, 7), ::testing::ElementsAre(a, b));
  EXPECT_EQ(inverted.PostingsOf(1)[0].counts[kBody], 2);
  EXPECT_EQ(inverted.LengthsOf(b)[kBody], 4);
  EXPECT_DOUBLE_EQ(inverted.AverageLength(kBody), 3);
  EXPECT_DOUBLE_EQ(inverted.AverageLength(kTitle), 1);
  EXPECT_DOUBLE_EQ(inverted.AverageLength(kKeywords), 1);  // no passage has any
  EXPECT_TRUE(inverted.PostingsOf(1000).empty());
}

// Against a map of the same, with numbers used again in any order.
TEST(Inverted, StaysTrueThroughAdditionsAndRemovals) {
  std::mt19937 random(20240611);
  Inverted inverted;
  std::map<PassageId, std::vector<TermId>> present;
  size_t most = 0;
  for (int step = 0; step < 4000; ++step) {
    if (present.size() > 60 || (!present.empty() && random() % 3 == 0)) {
      auto victim = std::next(present.begin(), random() % present.size());
      inverted.Remove(victim->first);
      present.erase(victim);
      continue;
    }
    std::vector<TermCounts> terms;
    std::vector<TermId> ids;
    for (TermId term = 0; term < 30; ++term) {
      if (random() % 4 != 0) continue;
      terms.push_back({.term = term, .counts = {0, 0, 0, 1}});
      ids.push_back(term);
    }
    const PassageId passage = inverted.Add(terms);
    ASSERT_FALSE(present.contains(passage));
    present[passage] = ids;
    most = std::max(most, present.size());
  }
  EXPECT_EQ(inverted.passage_count(), present.size());
  EXPECT_EQ(inverted.slots(), most);
  for (TermId term = 0; term < 30; ++term) {
    std::vector<PassageId> expected;
    for (const auto& [passage, terms] : present) {
      if (std::find(terms.begin(), terms.end(), term) != terms.end()) expected.push_back(passage);
    }
    EXPECT_EQ(PassagesWith(inverted, term), expected) << term;
  }
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
