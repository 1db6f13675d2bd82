#include "cli/kb/front_matter.h"

#include <gtest/gtest.h>

namespace switchboard::cli::kb {
namespace {

struct Case {
  const char* what;
  const char* file;
  std::string text;
  // What is expected, as "id|title|category|language|keywords|content"; or the error's words.
  std::string expected;
};

std::string Describe(const v1::KnowledgeEntry::Document& document) {
  std::string keywords;
  for (const auto& word : document.keywords()) keywords += (keywords.empty() ? "" : "+") + word;
  return document.id() + "|" + document.title() + "|" + document.category() + "|" +
         document.language() + "|" + keywords + "|" + document.content();
}

TEST(ParseMarkdown, ReadsWhatPeopleWrite) {
  const Case cases[] = {
      {"all fields", "docs/a.md",
       "---\nid: return-policy\ntitle: Return policy\ncategory: returns\nlanguage: fr\n"
       "keywords: send back, give back\n---\n\n# Return policy\nText.\n",
       "return-policy|Return policy|returns|fr|send back+give back|# Return policy\nText."},
      {"no front matter", "docs/gift-cards.md", "# Gift cards\n\nText.",
       "gift-cards|Gift cards||en||# Gift cards\n\nText."},
      {"Windows line ends and a byte order mark", "a.md",
       "\xef\xbb\xbf---\r\ntitle: T\r\n---\r\nText\r\n", "a|T||en||Text"},
      {"a heading further down", "a.md", "Intro.\n\n## Deeper\nText",
       "a|Deeper||en||Intro.\n\n## Deeper\nText"},
      {"a hash that is no heading", "a.md", "#tag\n# Real\n", "a|Real||en||#tag\n# Real"},
      {"quotes and colons in values", "a.md", "---\ntitle: \"Returns: how?\"\n---\nText",
       "a|Returns: how?||en||Text"},
      {"keywords in brackets", "a.md", "---\ntitle: T\nkeywords: [a, \"b c\", ]\n---\nText",
       "a|T||en|a+b c|Text"},
      {"keywords as a list", "a.md", "---\ntitle: T\nkeywords:\n  - a\n  - b c\n---\nText",
       "a|T||en|a+b c|Text"},
      {"a field's name in capitals", "a.md", "---\nTitle: T\n---\nText", "a|T||en||Text"},
      {"comments and empty lines", "a.md", "---\n# note\n\ntitle: T\n---\nText", "a|T||en||Text"},
      {"a file name with spaces and accents", "Où est ça.md", "# T\nText",
       "ou-est-ca|T||en||# T\nText"},
      {"a rule in the text is no fence", "a.md", "# T\n\n---\nText", "a|T||en||# T\n\n---\nText"},
  };
  for (const Case& c : cases) {
    const auto document = ParseMarkdown(c.file, c.text);
    ASSERT_TRUE(document.ok()) << c.what << ": " << document.status();
    EXPECT_EQ(Describe(*document), c.expected) << c.what;
  }
}

TEST(ParseMarkdown, NamesFileAndLineOfWhatIsWrong) {
  const Case cases[] = {
      {"front matter without an end", "a.md", "---\ntitle: T\n\n# Heading\n",
       "a.md:1: the front matter has no end"},
      {"a line that is no field", "a.md", "---\ntitle: T\njust words\n---\nText",
       "a.md:3: expected"},
      {"a field twice", "a.md", "---\ntitle: T\ntitle: U\n---\nText",
       "a.md:3: title is given twice, first in line 2"},
      {"an unusable id", "a.md", "---\ntitle: T\nid: a/b c\n---\nText",
       "a.md:3: id \"a/b c\" is not usable"},
      {"a language that is none", "a.md", "---\ntitle: T\nlanguage: english\n---\nText",
       "a.md:3: language \"english\""},
      {"no title and no heading", "a.md", "Just text.", "a.md:1: has no title"},
      {"no text", "a.md", "---\ntitle: T\n---\n\n", "a.md:4: has no text"},
      {"an empty file", "a.md", "", "a.md:1: has no text"},
      {"bytes that are no UTF-8", "a.md", "# T\nfine\nbad \xff\n", "a.md:3: is not UTF-8"},
      {"far too long", "a.md", "# T\n" + std::string(300 * 1024, 'x'), "more than 256 KiB"},
  };
  for (const Case& c : cases) {
    const auto document = ParseMarkdown(c.file, c.text);
    ASSERT_FALSE(document.ok()) << c.what;
    EXPECT_NE(document.status().message().find(c.expected), std::string::npos)
        << c.what << ": " << document.status();
  }
}

TEST(ParseMarkdown, NotesFieldsThatAreNotOurs) {
  std::vector<std::string> warnings;
  ASSERT_TRUE(ParseMarkdown("a.md", "---\ntitle: T\nauthor: x\n---\nText", {}, &warnings).ok());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0], "a.md:3: \"author\" is not used");
}

TEST(ParseMarkdown, TakesTheDefaultLanguageItIsGiven) {
  EXPECT_EQ(ParseMarkdown("a.md", "# T\nText", {.default_language = "es"})->language(), "es");
}

TEST(IsLanguageTag, FollowsBcp47) {
  for (const char* tag : {"en", "fr-CA", "zh-Hant-TW", "yue"})
    EXPECT_TRUE(IsLanguageTag(tag)) << tag;
  for (const char* tag : {"", "e", "english", "fr_CA", "fr-", "-fr", "fr-C"}) {
    EXPECT_FALSE(IsLanguageTag(tag)) << tag;
  }
}

}  // namespace
}  // namespace switchboard::cli::kb
