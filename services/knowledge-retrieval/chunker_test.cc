#include "services/knowledge-retrieval/chunker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"

namespace switchboard::knowledge_retrieval {
namespace {

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(StripInline, TakesMarkdownMarksAway) {
  const struct {
    const char* what;
    const char* markdown;
    const char* text;
  } cases[] = {
      {"strong and emphasis", "You have **30 days** to *return* it.",
       "You have 30 days to return it."},
      {"underscores of emphasis go", "an _unused_ item", "an unused item"},
      {"underscores inside a word stay", "set NATS_URL first", "set NATS_URL first"},
      {"code", "press `Reset` twice", "press Reset twice"},
      {"a link keeps its text", "see [our shops](https://example.com/a_(b)) now",
       "see our shops now"},
      {"a reference link keeps its text", "see [our shops][1]", "see our shops"},
      {"an image keeps its description", "![the lid](lid.png) opens", "the lid opens"},
      {"an address in angle brackets stays", "write to <help@example.com>",
       "write to help@example.com"},
      {"an HTML tag goes", "up to<br/> 5 kg", "up to 5 kg"},
      {"a comparison stays", "5 < 7 and 3 > 2", "5 < 7 and 3 > 2"},
      {"an escaped star stays", "5 \\* 7", "5 * 7"},
      {"a star between spaces stays", "5 * 7", "5 * 7"},
      {"brackets without an address stay", "the [left] one", "the [left] one"},
      {"an open bracket at the end stays", "odd [", "odd ["},
  };
  for (const auto& c : cases) EXPECT_EQ(StripInline(c.markdown), c.text) << c.what;
}

TEST(SplitMarkdown, MakesAPassageOfEachSection) {
  const auto chunks = SplitMarkdown(
      "# Return policy\n\nWe take things back.\n\n## How long?\n\n30 days.\nFrom delivery.\n\n"
      "## What?\n\n### Sale items\n\nYes.\n",
      100);
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].section, "");
  EXPECT_EQ(chunks[0].text, "We take things back.");
  EXPECT_EQ(chunks[1].section, "How long?");
  EXPECT_EQ(chunks[1].text, "30 days. From delivery.");
  EXPECT_EQ(chunks[2].section, "Sale items");
  EXPECT_EQ(chunks[2].parents, "What? ");
}

TEST(SplitMarkdown, KeepsStepsAndTableRowsOnLinesOfTheirOwn) {
  const auto chunks = SplitMarkdown(
      "## Clean it\n\n1. Take the basket out.\n2. Wash it\n   well.\n\n* Dry it.\n\n"
      "| Region | Days |\n|---|---|\n| EU | 3 |\n\n> A note.\n",
      100);
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].text,
            "1. Take the basket out.\n2. Wash it well.\n- Dry it.\nRegion; Days\nEU; 3\nA note.");
}

TEST(SplitMarkdown, CutsALongParagraphBetweenSentences) {
  const auto chunks =
      SplitMarkdown(Repeat("The parcel arrives within 5 days, e.g. on Monday. ", 60), 100);
  ASSERT_GE(chunks.size(), 3u);
  for (const Chunk& chunk : chunks) {
    EXPECT_LE(CountCodePoints(chunk.text), kChunkCharactersMax);
    EXPECT_GE(CountCodePoints(chunk.text), kChunkCharactersMin);
    EXPECT_TRUE(chunk.text.starts_with("The parcel")) << chunk.text.substr(0, 30);
    EXPECT_TRUE(chunk.text.ends_with("Monday.")) << chunk.text;
  }
}

TEST(SplitMarkdown, CutsALongSectionBetweenParagraphsAndLeavesNoStub) {
  const std::string paragraph = Repeat("é", 500) + "\n\n";
  const auto chunks = SplitMarkdown("## A\n\n" + Repeat(paragraph, 2) + "\n\nShort tail.\n", 100);
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_TRUE(chunks[0].text.ends_with("Short tail."));
  EXPECT_EQ(SplitMarkdown("## A\n\n" + Repeat(paragraph, 3), 100).size(), 2u);
}

TEST(SplitMarkdown, SurvivesWhatIsNoMarkdown) {
  const struct {
    const char* what;
    std::string text;
    size_t chunks;
  } cases[] = {
      {"nothing", "", 0},
      {"white space", " \n\t\n", 0},
      {"only headings", "# A\n## B\n### C\n", 0},
      {"one word without end", Repeat("x", 3000), 3},
      {"accented letters without end are cut between letters", Repeat("é", 1300), 2},
      {"code that never closes", "```\nrun this\n", 1},
      {"brackets without end", Repeat("[", 100000), 84},
      {"angle brackets without end", Repeat("<a", 50000), 84},
  };
  for (const auto& c : cases) {
    const auto chunks = SplitMarkdown(c.text, 1000);
    EXPECT_EQ(chunks.size(), c.chunks) << c.what;
    for (const Chunk& chunk : chunks) EXPECT_TRUE(IsValidUtf8(chunk.text)) << c.what;
  }
}

TEST(SplitMarkdown, StopsAtItsLimit) {
  EXPECT_EQ(SplitMarkdown(Repeat("## H\n\ntext\n\n", 50), 7).size(), 7u);
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
