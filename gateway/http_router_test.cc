#include "gateway/http_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/fault.h"

namespace switchboard::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct FoundCase {
  const char* sentence;
  const char* method;
  const char* target;
  Operation operation;
  std::vector<std::string> parameters;
};

TEST(HttpRouter, FindsWhatThereIs) {
  const FoundCase cases[] = {
      {"the short form", "POST", "/v1/invoke", Operation::kInvoke, {}},
      {"a slash at the end changes nothing", "POST", "/v1/invoke/", Operation::kInvoke, {}},
      {"a query does not hide the path", "GET", "/readyz?verbose=1", Operation::kReady, {}},
      {"the root", "GET", "/", Operation::kRoot, {}},
      {"HEAD is a GET", "HEAD", "/livez", Operation::kLive, {}},
      {"a conversation", "GET", "/v1/conversations/42", Operation::kGetConversation, {"42"}},
      {"its messages", "POST", "/v1/conversations/42/messages", Operation::kSendMessage, {"42"}},
      {"two parameters", "POST", "/v1/agents/a-b/c_d", Operation::kCallAgent, {"a-b", "c_d"}},
      {"an encoded slash stays in its segment",
       "POST",
       "/v1/agents/a%2Fb/c",
       Operation::kCallAgent,
       {"a/b", "c"}},
      {"a plus in a path is a plus",
       "GET",
       "/v1/conversations/a+b",
       Operation::kGetConversation,
       {"a+b"}},
      {"the drop-in chat", "POST", "/api/v1/chat", Operation::kChat, {}},
  };
  for (const FoundCase& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto match = MatchRoute(test.method, test.target);
    ASSERT_TRUE(match.ok()) << match.status();
    EXPECT_THAT(match->allow, IsEmpty());
    EXPECT_EQ(match->operation, test.operation);
    EXPECT_EQ(match->parameters, test.parameters);
  }
}

TEST(HttpRouter, RefusesWhatThereIsNot) {
  const struct {
    const char* sentence;
    const char* target;
    absl::StatusCode code;
    const char* field;
  } cases[] = {
      {"an unknown path", "/v2/invoke", absl::StatusCode::kNotFound, "path"},
      {"a longer path", "/v1/invoke/now", absl::StatusCode::kNotFound, "path"},
      {"an empty parameter", "/v1/agents//search", absl::StatusCode::kNotFound, "path"},
      {"no path at all", "*", absl::StatusCode::kInvalidArgument, "path"},
      {"a percent sign without digits", "/v1/agents/a%zz/search",
       absl::StatusCode::kInvalidArgument, "path"},
      {"a percent sign at the end", "/v1/agents/a/search%2", absl::StatusCode::kInvalidArgument,
       "path"},
      {"bytes that are no UTF-8", "/v1/agents/%ff/search", absl::StatusCode::kInvalidArgument,
       "path"},
      {"a broken query", "/v1/agents/a/b?x=%1", absl::StatusCode::kInvalidArgument, "query"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto match = MatchRoute("POST", test.target);
    EXPECT_EQ(match.status().code(), test.code);
    EXPECT_EQ(FieldOf(match.status()), test.field);
  }
}

TEST(HttpRouter, NamesTheMethodsOfAPathThatDoesNotTakeThisOne) {
  EXPECT_EQ(MatchRoute("PUT", "/v1/invoke")->allow, "POST");
  EXPECT_EQ(MatchRoute("POST", "/readyz")->allow, "GET, HEAD");
}

TEST(HttpRouter, DecodesTheQuery) {
  const auto match =
      MatchRoute("GET", "/v1/analytics/summary?window=15m&from=2026-01-01T00%3A00+x&&flag");
  ASSERT_TRUE(match.ok());
  EXPECT_THAT(match->query, ElementsAre(Pair("window", "15m"), Pair("from", "2026-01-01T00:00 x"),
                                        Pair("flag", "")));
}

}  // namespace
}  // namespace switchboard::gateway
