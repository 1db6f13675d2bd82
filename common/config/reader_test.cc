#include "common/config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Reader Make(std::vector<const char*> flags, std::vector<const char*> environment) {
  flags.insert(flags.begin(), "program");
  environment.push_back(nullptr);
  return Reader(static_cast<int>(flags.size()), flags.data(), environment.data());
}

TEST(Reader, AFlagWinsOverTheEnvironmentWhichWinsOverTheDefault) {
  Reader reader = Make({"--b=2", "--two-words=x"}, {"A=1", "B=1"});
  EXPECT_EQ(reader.Int({"A", ""}, 0, 0, 9), 1);
  EXPECT_EQ(reader.Int({"B", ""}, 0, 0, 9), 2);
  EXPECT_EQ(reader.Int({"C", ""}, 7, 0, 9), 7);
  EXPECT_EQ(reader.String({"TWO_WORDS", ""}, ""), "x");
  EXPECT_TRUE(reader.Finish().ok());
}

TEST(Reader, AListIsTakenWholeOrNotAtAll) {
  using List = std::vector<std::chrono::milliseconds>;
  const List standard = {std::chrono::milliseconds(1), std::chrono::milliseconds(2)};
  struct Case {
    const char* sentence;
    const char* entry;
    List expected;
    bool good;
  };
  const Case cases[] = {
      {"one", "L=5", {std::chrono::milliseconds(5)}, true},
      {"several", "L=5, 6", {std::chrono::milliseconds(5), std::chrono::milliseconds(6)}, true},
      {"nothing", "L=", standard, false},
      {"a gap", "L=5,,6", standard, false},
      {"no number", "L=5,x", standard, false},
      {"beyond the range", "L=5,101", standard, false},
      {"too many", "L=1,2,3,4", standard, false},
  };
  for (const Case& c : cases) {
    Reader reader = Make({}, {c.entry});
    EXPECT_EQ(reader.MillisecondsList({"L", ""}, "1,2", 1, 100, 3), c.expected) << c.sentence;
    EXPECT_EQ(reader.Finish().ok(), c.good) << c.sentence;
  }
}

TEST(Reader, EveryWrongKeyGetsItsLineAtOnce) {
  Reader reader = Make({"--nope=1", "loose"}, {"PORT=99999", "LEVEL=loud", "TOKEN=hunter2"});
  EXPECT_EQ(reader.Int({"PORT", ""}, 80, 0, 65535), 80);
  EXPECT_EQ(reader.Choice({"LEVEL", ""}, "info", {"info", "debug"}), "info");
  reader.Int({.name = "TOKEN", .doc = "", .secret = true}, 0, 0, 9);
  const std::string message(reader.Finish().message());
  EXPECT_THAT(message, HasSubstr("PORT: \"99999\" is not a whole number from 0 to 65535"));
  EXPECT_THAT(message, HasSubstr("LEVEL: \"loud\" is not one of info, debug"));
  EXPECT_THAT(message, HasSubstr("--nope: no such setting"));
  EXPECT_THAT(message, HasSubstr("loose: not understood"));
  EXPECT_THAT(message, HasSubstr("TOKEN: expected"));
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
}

TEST(Reader, HelpNamesEverySetting) {
  Reader reader = Make({"--help"}, {});
  reader.Int({"HTTP_PORT", "Port of the listener."}, 8080, 0, 65535);
  EXPECT_TRUE(reader.help_requested());
  const std::string help = reader.Help("gateway", "the entry");
  EXPECT_THAT(help, HasSubstr("--http-port="));
  EXPECT_THAT(help, HasSubstr("default: 8080; range: 0 to 65535"));
}

}  // namespace
}  // namespace switchboard::config
