#include "services/knowledge-retrieval/vector_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace switchboard::knowledge_retrieval {
namespace {

std::vector<float> RandomVector(std::mt19937& random, size_t dimensions) {
  std::normal_distribution<float> one;
  std::vector<float> vector(dimensions);
  for (float& number : vector) number = one(random);
  EXPECT_TRUE(Normalise(vector));
  return vector;
}

// Against the comparison with every vector.
TEST(VectorIndex, FindsTheNearestThroughRemovalsAndReplacements) {
  constexpr size_t kDimensions = 24;
  std::mt19937 random(7);
  VectorIndex index(kDimensions, 5000);
  std::vector<std::vector<float>> vectors;
  for (PassageId i = 0; i < 3000; ++i) {
    vectors.push_back(RandomVector(random, kDimensions));
    ASSERT_TRUE(index.Set(i, vectors.back()).ok());
  }
  for (PassageId i = 0; i < 3000; i += 3) {
    index.Remove(i);
    vectors[i].clear();
  }
  for (PassageId i = 0; i < 3000; i += 6) {  // half of their numbers are used again
    vectors[i] = RandomVector(random, kDimensions);
    ASSERT_TRUE(index.Set(i, vectors[i]).ok());
  }
  EXPECT_EQ(index.size(), 2500u);
  int found = 0;
  for (int question = 0; question < 50; ++question) {
    const std::vector<float> asked = RandomVector(random, kDimensions);
    std::vector<std::pair<float, PassageId>> all;
    for (PassageId i = 0; i < vectors.size(); ++i) {
      if (vectors[i].empty()) continue;
      float product = 0;
      for (size_t j = 0; j < kDimensions; ++j) product += asked[j] * vectors[i][j];
      all.emplace_back(product, i);
    }
    std::sort(all.rbegin(), all.rend());
    const std::vector<Neighbour> nearest = index.Nearest(asked, 10);
    ASSERT_EQ(nearest.size(), 10u);
    EXPECT_TRUE(std::is_sorted(nearest.begin(), nearest.end(), [](const auto& a, const auto& b) {
      return a.similarity > b.similarity;
    }));
    for (const Neighbour& one : nearest) {
      ASSERT_FALSE(vectors[one.passage].empty()) << "a removed passage";
      found += std::any_of(all.begin(), all.begin() + 10,
                           [&](const auto& right) { return right.second == one.passage; });
    }
  }
  EXPECT_GE(found, 450);  // of 500: the graph is approximate
}

TEST(VectorIndex, IsBounded) {
  VectorIndex index(2, 2);
  const std::vector<float> up = {0, 1};
  EXPECT_TRUE(index.Nearest(up, 3).empty());
  EXPECT_TRUE(index.Set(5, up).ok());
  EXPECT_TRUE(index.Set(6, up).ok());
  EXPECT_TRUE(index.Set(6, up).ok());
  EXPECT_EQ(index.Set(7, up).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(index.Set(5, std::vector<float>{1}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(index.Nearest(std::vector<float>{1}, 3).empty());
  index.Remove(5);
  index.Remove(5);
  index.Remove(99);
  EXPECT_EQ(index.Nearest(up, 3).size(), 1u);
}

TEST(Normalise, RefusesWhatHasNoDirection) {
  std::vector<float> vector = {3, 4};
  EXPECT_TRUE(Normalise(vector));
  EXPECT_THAT(vector, ::testing::ElementsAre(0.6f, 0.8f));
  for (std::vector<float> wrong : std::vector<std::vector<float>>{
           {}, {0, 0}, {std::numeric_limits<float>::infinity(), 1}, {std::nanf(""), 1}}) {
    EXPECT_FALSE(Normalise(wrong));
  }
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
