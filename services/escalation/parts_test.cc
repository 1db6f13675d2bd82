#include "services/escalation/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::escalation {
namespace {

using ::testing::ElementsAre;

std::vector<std::string_view> Parts(std::string_view message) {
  std::vector<std::string_view> parts;
  SplitParts(message, parts);
  return parts;
}

TEST(Parts, BeginAfterCommasAndSentences) {
  EXPECT_THAT(Parts("I want a person, the charger caught fire!"),
              ElementsAre("I want a person,", " the charger caught fire!"));
  EXPECT_THAT(Parts("where is it"), ElementsAre("where is it"));
  EXPECT_THAT(Parts(""), ElementsAre(""));
}

TEST(Parts, OfOneOrTwoWordsStayWithTheirNeighbour) {
  EXPECT_THAT(Parts("Hello, hi, where is my parcel"), ElementsAre("Hello, hi, where is my parcel"));
  EXPECT_THAT(Parts("where is my parcel, please"), ElementsAre("where is my parcel, please"));
}

TEST(Parts, AreBoundedAndLoseNothing) {
  std::string message;
  for (int i = 0; i < 40; ++i) message += "one two three.";
  const auto parts = Parts(message);
  EXPECT_EQ(parts.size(), kPartsMax);
  std::string joined;
  for (const std::string_view part : parts) joined += part;
  EXPECT_EQ(joined, message);
}

}  // namespace
}  // namespace switchboard::escalation
