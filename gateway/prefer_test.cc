#include "gateway/prefer.h"

#include <gtest/gtest.h>

namespace switchboard::gateway {
namespace {

TEST(Prefer, TakesWhatItKnowsAndIgnoresTheRest) {
  struct Case {
    const char* sentence;
    const char* header;
    const char* applied;
  };
  const Case cases[] = {
      {"nothing asked", "", ""},
      {"an answer before the work is done", "respond-async", "respond-async"},
      {"names have no case", "Respond-Async", "respond-async"},
      {"a time to wait", "wait=10", "wait=10"},
      {"both, with white space", " respond-async ,  wait = 10 ", "respond-async, wait=10"},
      {"a quoted value", "wait=\"10\"", "wait=10"},
      {"parameters are not ours", "respond-async;foo=\"a,b\"; bar, wait=5",
       "respond-async, wait=5"},
      {"an unknown preference", "return=minimal, respond-async", "respond-async"},
      {"the first of two counts", "wait=1, wait=2", "wait=1"},
      {"a name within quotes is none", "x=\"respond-async, wait=3\"", ""},
      {"an escaped quote does not end a string", R"(x="a\", respond-async", wait=3)", "wait=3"},
      {"a value where there is none to give", "respond-async=no", ""},
      {"no number", "wait=soon", ""},
      {"no time", "wait=-1", ""},
      {"too large a number to read", "wait=99999999999999999999", ""},
      {"a large one means a day", "wait=1000000", "wait=86400"},
      {"an open quote", "wait=\"5, respond-async", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(ParsePrefer(c.header).Applied(), c.applied) << c.sentence;
}

}  // namespace
}  // namespace switchboard::gateway
