#include "gateway/webhook_url.h"

#include <gtest/gtest.h>

#include "common/base/fault.h"

namespace switchboard::gateway {
namespace {

constexpr char kAllowed[] =
    "https://shop.example/hooks, http://127.0.0.1:9000, https://[2001:db8::1]:8443/in/";

struct Case {
  const char* sentence;
  const char* url;
  bool allowed;
};

TEST(WebhookUrls, AnAddressIsCalledOnlyBelowAnAllowedOne) {
  const auto urls = WebhookUrls::Parse(kAllowed);
  ASSERT_TRUE(urls.ok()) << urls.status();
  const Case cases[] = {
      {"the prefix itself", "https://shop.example/hooks", true},
      {"a path below it", "https://shop.example/hooks/turns", true},
      {"scheme and host in capitals", "HTTPS://Shop.Example/hooks/turns", true},
      {"the port written that the scheme has", "https://shop.example:443/hooks", true},
      {"a free query", "https://shop.example/hooks?shop=7&next=http://x/../y", true},
      {"a prefix without a path covers the host", "http://127.0.0.1:9000/any/where", true},
      {"... and so does the host alone", "http://127.0.0.1:9000", true},
      {"... or with a query only", "http://127.0.0.1:9000?a=b", true},
      {"an IPv6 address", "https://[2001:DB8::1]:8443/in/7", true},
      {"a name that only begins like the prefix", "https://shop.example/hooks7", false},
      {"the folder above", "https://shop.example/", false},
      {"a path in other letters", "https://shop.example/Hooks", false},
      {"the other scheme", "http://shop.example/hooks", false},
      {"another port", "https://shop.example:8443/hooks", false},
      {"a host that only begins like the allowed", "https://shop.example.evil.test/hooks", false},
      {"a host that only ends like it", "https://evilshop.example/hooks", false},
      {"the root's dot", "https://shop.example./hooks", false},
      {"the allowed host as user information", "https://shop.example@evil.test/hooks", false},
      {"user information before the allowed host", "https://a:b@shop.example/hooks", false},
      {"a backslash that some read as a slash", "https://evil.test\\@shop.example/hooks", false},
      {"... in the path", "https://shop.example/hooks\\..\\admin", false},
      {"a fragment", "https://shop.example/hooks#a", false},
      {"a fragment that hides another host", "https://evil.test#@shop.example/hooks", false},
      {"the way up", "https://shop.example/hooks/../admin", false},
      {"the way up, encoded", "https://shop.example/hooks/%2e%2E/admin", false},
      {"the way up, encoded twice", "https://shop.example/hooks/%252e%252e/admin", false},
      {"the way up with a parameter", "https://shop.example/hooks/..;a=b/admin", false},
      {"an encoded slash", "https://shop.example/hooks/..%2fadmin", false},
      {"a line break", "https://shop.example/hooks\r\nHost: evil.test", false},
      {"a space", "https://shop.example/hooks /x", false},
      {"half an encoding", "https://shop.example/hooks/%4", false},
      {"letters that look alike", "https://shop.ex\xc3\xa0mple/hooks", false},
      {"no scheme", "shop.example/hooks", false},
      {"another scheme", "ftp://shop.example/hooks", false},
      {"a file", "file:///hooks", false},
      {"a scheme within", "gopher:https://shop.example/hooks", false},
      {"no host", "https:///hooks", false},
      {"no port after its colon", "https://shop.example:/hooks", false},
      {"two ports", "https://shop.example:443:443/hooks", false},
      {"a port beyond the last", "http://127.0.0.1:65537/", false},
      {"the same address in other figures", "http://0x7f.1:9000/", false},
      {"brackets without an address", "https://[]:8443/in/", false},
      {"text after the brackets", "https://[2001:db8::1]evil.test:8443/in/", false},
      {"nothing", "", false},
  };
  for (const Case& c : cases) {
    const absl::Status status = urls->Check(c.url);
    EXPECT_EQ(status.ok(), c.allowed) << c.sentence << ": " << c.url << " " << status;
    if (status.ok()) continue;
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.sentence;
    EXPECT_EQ(FieldOf(status), "webhook_url") << c.sentence;
    EXPECT_NE(RemedyOf(status), "") << c.sentence;
  }
}

TEST(WebhookUrls, ALengthBeyondTheContractIsRefused) {
  const auto urls = WebhookUrls::Parse("http://h/");
  const std::string base = "http://h/";
  EXPECT_TRUE(urls->Check(base + std::string(WebhookUrls::kUrlBytesMax - base.size(), 'a')).ok());
  EXPECT_FALSE(
      urls->Check(base + std::string(WebhookUrls::kUrlBytesMax - base.size() + 1, 'a')).ok());
}

TEST(WebhookUrls, NothingIsAllowedUntilTheOperatorSaysSo) {
  EXPECT_FALSE(WebhookUrls().Check("https://shop.example/hooks").ok());
  const auto urls = WebhookUrls::Parse(" , ");
  ASSERT_TRUE(urls.ok());
  EXPECT_TRUE(urls->empty());
  EXPECT_FALSE(urls->Check("https://shop.example/hooks").ok());
}

TEST(WebhookUrls, AWrongPrefixIsQuoted) {
  const auto wrong = WebhookUrls::Parse("https://a.example/, b.example/hooks");
  EXPECT_EQ(wrong.status().message(), "\"b.example/hooks\" is no http:// or https:// URL");
  EXPECT_EQ(WebhookUrls::Parse("https://a.example/?x=1").status().message(),
            "\"https://a.example/?x=1\" has a query");
}

}  // namespace
}  // namespace switchboard::gateway
