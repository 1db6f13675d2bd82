#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/sha256.h"
#include "common/base/text.h"

namespace switchboard {
namespace {

using std::chrono::milliseconds;

TEST(Deadline, ChildNeverOutlivesItsParent) {
  const Deadline parent = Deadline::After(milliseconds(50));
  EXPECT_EQ(parent.Child(std::chrono::hours(1)).at(), parent.at());
  EXPECT_LT(parent.Child(milliseconds(1)).at(), parent.at());
  EXPECT_LT(parent.Less(milliseconds(10)).at(), parent.at());
}

TEST(Deadline, ExpiredHasNothingRemaining) {
  const Deadline past = Deadline::After(milliseconds(-5));
  EXPECT_TRUE(past.expired());
  EXPECT_EQ(past.Remaining(), milliseconds(0));
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  Sha256 pieces;
  for (const char* piece : {"a", "", "bc"}) pieces.Update(piece);
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(pieces.Hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Fault, CarriesFieldRemedyAndRetry) {
  const absl::Status status =
      WithRetryAfterMs(InvalidField("text", "is empty", "send some text"), 250);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "text is empty");
  EXPECT_EQ(FieldOf(status), "text");
  EXPECT_EQ(RemedyOf(status), "send some text");
  EXPECT_EQ(RetryAfterMsOf(status), 250);
  EXPECT_EQ(FieldOf(absl::InternalError("x")), "");
}

TEST(Fault, CodesSurviveTheirNames) {
  for (int code = 1; code <= 16; ++code) {
    const auto expected = static_cast<absl::StatusCode>(code);
    EXPECT_EQ(StatusCodeFromString(absl::StatusCodeToString(expected)), expected);
  }
  EXPECT_EQ(StatusCodeFromString("nonsense"), absl::StatusCode::kUnknown);
}

TEST(Id, NewUuidsAreDistinctAndSortByTime) {
  const std::string first = NewUuid();
  EXPECT_TRUE(IsUuid(first));
  EXPECT_EQ(first[14], '7');
  EXPECT_NE(first, NewUuid());
}

TEST(Id, NamedUuidIsStableAndScoped) {
  EXPECT_TRUE(IsUuid(NamedUuid("a", "b")));
  EXPECT_EQ(NamedUuid("a", "b"), NamedUuid("a", "b"));
  EXPECT_NE(NamedUuid("a", "b"), NamedUuid("ab", ""));
}

TEST(Id, IsUuidRefusesLookAlikes) {
  EXPECT_FALSE(IsUuid(""));
  EXPECT_FALSE(IsUuid("0193a6f0-0000-7000-8000-00000000000G"));
  EXPECT_FALSE(IsUuid("0193a6f0-0000-7000-8000-0000000000000"));
  EXPECT_FALSE(IsUuid("0193A6F0-0000-7000-8000-000000000000"));
}

TEST(Text, ValidatesUtf8) {
  struct Case {
    const char* sentence;
    std::string text;
    bool valid;
  };
  const std::vector<Case> cases = {
      {"ASCII is valid", "hello", true},
      {"four bytes are valid", "\xF0\x9F\x98\x80", true},
      {"a lone continuation byte is not", "\x80", false},
      {"an overlong slash is not", "\xC0\xAF", false},
      {"a surrogate is not", "\xED\xA0\x80", false},
      {"above U+10FFFF is not", "\xF4\x90\x80\x80", false},
      {"a cut sequence is not", "\xE2\x82", false},
  };
  for (const Case& c : cases) EXPECT_EQ(IsValidUtf8(c.text), c.valid) << c.sentence;
}

TEST(Text, TruncatesByCodePoint) {
  EXPECT_EQ(Truncate("héllo", 5), "héllo");
  EXPECT_EQ(Truncate("héllo", 4), "hél…");
  EXPECT_EQ(CountCodePoints("héllo"), 5u);
}

TEST(Text, LowersAndFolds) {
  EXPECT_EQ(ToLower("ÉTÉ Où Ÿ"), "été où ÿ");
  EXPECT_EQ(FoldAccents("Où ÉTAIT l’œuf Straße Ñandú"), "ou etait l’oeuf strasse nandu");
  EXPECT_EQ(FoldAccents("e\xCC\x81t"), "et");
  EXPECT_EQ(FoldAccents("\xC5\x82\xC5\xBC\xC4\x9B"), "lze");
}

}  // namespace
}  // namespace switchboard
