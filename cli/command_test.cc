#include "cli/command.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/commands.h"
#include "cli/failure.h"
#include "common/base/fault.h"

namespace switchboard::cli {
namespace {

const char* NoEnvironment(const char*) { return nullptr; }

Command Sample() {
  return {.name = "sample",
          .positionals = "<what>",
          .about = "A sample.",
          .positionals_min = 1,
          .positionals_max = 2,
          .flags = {{"json", "", "Prints JSON."},
                    {"limit", "n", "How many.", "20", "", "l"},
                    {"nats-url", "url", "Server.", "nats://default", "NATS_URL"}},
          .run = [](const Arguments&, Terminal&) { return absl::OkStatus(); }};
}

struct Case {
  const char* what;
  std::vector<std::string> words;
  std::string positionals;  // joined with |
  std::string json, limit;
  std::string error;  // part of it; empty: accepted
};

TEST(ParseArguments, ReadsFlagsAndTexts) {
  const Case cases[] = {
      {"one text", {"hello"}, "hello", "", "20", ""},
      {"a flag before it", {"--limit", "5", "hello"}, "hello", "", "5", ""},
      {"a flag after it", {"hello", "--limit=7"}, "hello", "", "7", ""},
      {"a flag by its letter", {"-l", "9", "hello"}, "hello", "", "9", ""},
      {"a switch", {"--json", "hello"}, "hello", "1", "20", ""},
      {"the last one given counts", {"a", "--limit", "1", "--limit", "2"}, "a", "", "2", ""},
      {"an empty value", {"a", "--limit="}, "a", "", "", ""},
      {"a value with an equals sign", {"a", "--limit=a=b"}, "a", "", "a=b", ""},
      {"text after two dashes", {"--", "--json", "x"}, "--json|x", "", "20", ""},
      {"a single dash is text", {"-", "-5"}, "-|-5", "", "20", ""},
      {"nothing", {}, "", "", "", "needs <what>"},
      {"too much", {"a", "b", "c"}, "", "", "", "\"c\" is one word too many"},
      {"an unknown flag", {"a", "--lmit", "5"}, "", "", "", "--lmit is no flag of sample"},
      {"a flag without its value", {"a", "--limit"}, "", "", "", "--limit needs a value"},
      {"a switch with a value", {"a", "--json=1"}, "", "", "", "--json takes no value"},
  };
  for (const Case& c : cases) {
    const auto arguments = ParseArguments(Sample(), c.words, NoEnvironment);
    if (!c.error.empty()) {
      EXPECT_EQ(ExitCode(arguments.status()), kExitUsage) << c.what;
      EXPECT_NE(arguments.status().message().find(c.error), std::string::npos)
          << c.what << ": " << arguments.status();
      continue;
    }
    ASSERT_TRUE(arguments.ok()) << c.what << ": " << arguments.status();
    std::string joined;
    for (const auto& text : arguments->positionals()) joined += (joined.empty() ? "" : "|") + text;
    EXPECT_EQ(joined, c.positionals) << c.what;
    EXPECT_EQ(arguments->Get("json"), c.json) << c.what;
    EXPECT_EQ(arguments->Get("limit"), c.limit) << c.what;
  }
}

TEST(ParseArguments, TheLineWinsOverTheEnvironmentAndThatOverTheDefault) {
  const Environment set = [](const char* name) {
    return std::string_view(name) == "NATS_URL" ? "nats://environment" : nullptr;
  };
  const std::vector<std::string> plain = {"a"}, given = {"a", "--nats-url", "nats://line"};
  EXPECT_EQ(ParseArguments(Sample(), plain, NoEnvironment)->Get("nats-url"), "nats://default");
  EXPECT_EQ(ParseArguments(Sample(), plain, set)->Get("nats-url"), "nats://environment");
  EXPECT_EQ(ParseArguments(Sample(), given, set)->Get("nats-url"), "nats://line");
}

TEST(Arguments, NumbersHaveBounds) {
  const auto number = [](const std::string& text) {
    const std::vector<std::string> words = {"a", "--limit=" + text};
    return ParseArguments(Sample(), words, NoEnvironment)->Int("limit", 1, 50);
  };
  EXPECT_EQ(*number("50"), 50);
  for (const char* text : {"0", "51", "ten", "", "1.5", "99999999999"}) {
    EXPECT_EQ(ExitCode(number(text).status()), kExitUsage) << text;
  }
}

struct Outcome {
  int code = 0;
  std::string out, err;
};

Outcome RunWords(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  std::ostringstream out, err;
  Terminal terminal{out, err};
  const int code = Dispatch(commands, words, NoEnvironment, terminal);
  return {code, out.str(), err.str()};
}

TEST(Dispatch, EndsWithTheCodeThatFits) {
  Command failing = Sample();
  failing.name = "group fail";
  failing.run = [](const Arguments&, Terminal&) {
    return WithRemedy(absl::UnavailableError("no server"), "start one");
  };
  const std::vector<Command> commands = {Sample(), failing};
  struct DispatchCase {
    const char* what;
    std::vector<std::string> words;
    int code;
    const char* out;  // part of what is printed
    const char* err;
  };
  const DispatchCase cases[] = {
      {"a command that works", {"sample", "x"}, 0, "", ""},
      {"a command that fails",
       {"group", "fail", "x"},
       1,
       "",
       "switchboard: no server: start one\n"},
      {"a command written wrongly", {"sample"}, 2, "", "see switchboard sample --help"},
      {"nothing", {}, 2, "", "usage: switchboard <command>"},
      {"an unknown command", {"smaple"}, 2, "", "\"smaple\" is no command"},
      {"help", {"--help"}, 0, "group fail", ""},
      {"a command's help", {"sample", "--help"}, 0, "usage: switchboard sample <what> [flags]", ""},
      {"a group's help", {"group", "--help"}, 0, "group fail", ""},
      {"a group alone", {"group"}, 2, "", "group fail"},
      {"a text that says --help", {"sample", "--", "--help"}, 0, "", ""},
  };
  for (const DispatchCase& c : cases) {
    const Outcome run = RunWords(commands, c.words);
    EXPECT_EQ(run.code, c.code) << c.what << ": " << run.err;
    EXPECT_NE(run.out.find(c.out), std::string::npos) << c.what << ": " << run.out;
    EXPECT_NE(run.err.find(c.err), std::string::npos) << c.what << ": " << run.err;
  }
}

TEST(Dispatch, EveryCommandExplainsItself) {
  for (const Command& command : AllCommands()) {
    std::vector<std::string> words;
    std::istringstream name(command.name);
    for (std::string word; name >> word;) words.push_back(word);
    words.push_back("--help");
    const Outcome run = RunWords(AllCommands(), words);
    EXPECT_EQ(run.code, kExitOk) << command.name;
    EXPECT_NE(run.out.find(command.about), std::string::npos) << command.name;
    for (const Flag& flag : command.flags) {
      EXPECT_NE(run.out.find("--" + flag.name), std::string::npos) << command.name;
    }
  }
}

TEST(Dispatch, AnUnreachableServerIsNamedWithoutItsPassword) {
  // Port 1 is privileged and nobody listens there.
  const Outcome run =
      RunWords(AllCommands(), {"agents", "--nats-url", "nats://user:secret@127.0.0.1:1"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_NE(run.err.find("cannot reach NATS at nats://127.0.0.1:1"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("make up"), std::string::npos) << run.err;
  EXPECT_EQ(run.err.find("secret"), std::string::npos) << run.err;
}

TEST(Dispatch, AnUnreachableGatewayIsNamed) {
  const Outcome run =
      RunWords(AllCommands(), {"ask", "hello", "--gateway-url", "http://127.0.0.1:1"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_NE(run.err.find("cannot reach the gateway at http://127.0.0.1:1"), std::string::npos)
      << run.err;
}

}  // namespace
}  // namespace switchboard::cli
