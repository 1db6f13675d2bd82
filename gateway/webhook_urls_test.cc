#include "gateway/webhook_urls.h"

#include <gtest/gtest.h>

#include "common/base/fault.h"

namespace switchboard::gateway {
namespace {

TEST(WebhookUrls, AllowsWhatLiesBelowAPrefixAndNothingElse) {
  const auto urls =
      WebhookUrls::Parse("https://shop.example/hooks, http://127.0.0.1:8099/, http://[::1]:80/a/");
  ASSERT_TRUE(urls.ok()) << urls.status();
  struct Case {
    const char* sentence;
    const char* url;
    bool allowed;
  };
  const Case cases[] = {
      {"the prefix itself", "https://shop.example/hooks", true},
      {"below it", "https://shop.example/hooks/a?b=c", true},
      {"its own port, said", "https://shop.example:443/hooks", true},
      {"scheme and host have no case", "HTTPS://Shop.Example/hooks", true},
      {"anything on an allowed port", "http://127.0.0.1:8099/x", true},
      {"no path where the prefix has none", "http://127.0.0.1:8099", true},
      {"an IPv6 address", "http://[::1]/a/b", true},
      {"another path that begins alike", "https://shop.example/hooksters", false},
      {"the path's case counts", "https://shop.example/Hooks", false},
      {"another scheme", "http://shop.example/hooks", false},
      {"another port", "https://shop.example:8443/hooks", false},
      {"a host that begins alike", "https://shop.example.evil.test/hooks", false},
      {"a user that looks like the host", "https://shop.example@evil.test/hooks", false},
      {"a user with a port", "http://127.0.0.1:8099@evil.test/", false},
      {"a step up", "https://shop.example/hooks/../admin", false},
      {"an encoded step up", "https://shop.example/hooks/%2e%2E/admin", false},
      {"a step up behind an encoded slash", "https://shop.example/hooks/..%2fadmin", false},
      {"a backslash", "https://shop.example\\@evil.test/hooks", false},
      {"a fragment", "https://shop.example/hooks#x", false},
      {"a line break", "https://shop.example/hooks\r\nX: y", false},
      {"another protocol", "file:///hooks", false},
      {"no URL", "shop.example/hooks", false},
      {"a port that is none", "http://127.0.0.1:080990/", false},
  };
  for (const Case& c : cases) EXPECT_EQ(urls->Allows(c.url), c.allowed) << c.sentence;
}

TEST(WebhookUrls, WithoutPrefixesNothingIsAllowed) {
  const auto none = WebhookUrls::Parse("");
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->Check("").ok());
  EXPECT_EQ(FieldOf(none->Check("https://shop.example/")), "webhook_url");
}

TEST(WebhookUrls, RefusesPrefixesThatAreNone) {
  for (const char* prefixes : {"shop.example", "https://", "ftp://shop.example/", "https://a/?b",
                               "https://a/,nonsense", "https://u@a/", "https://a:0/"}) {
    EXPECT_FALSE(WebhookUrls::Parse(prefixes).ok()) << prefixes;
  }
}

}  // namespace
}  // namespace switchboard::gateway
