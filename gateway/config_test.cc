#include "gateway/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace switchboard::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::Status Read(std::vector<const char*> environment, Config* config) {
  environment.push_back(nullptr);
  config::Reader reader(0, nullptr, environment.data());
  *config = Config::Read(reader);
  return reader.Finish();
}

TEST(GatewayConfig, WebhooksNeedAddressesThatAreOnesAndASecret) {
  struct Case {
    const char* sentence;
    const char* urls;
    const char* secret;
    const char* error;  // empty: none
  };
  const Case cases[] = {
      {"no webhooks", "WEBHOOK_URLS=", "WEBHOOK_SECRET=", ""},
      {"webhooks", "WEBHOOK_URLS=https://a.example/x",
       "WEBHOOK_SECRET=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""},
      {"no address", "WEBHOOK_URLS=a.example", "WEBHOOK_SECRET=x", "WEBHOOK_URLS: \"a.example\""},
      {"no secret", "WEBHOOK_URLS=https://a.example/x",
       "WEBHOOK_SECRET=", "WEBHOOK_SECRET: has 0 bytes"},
      {"a weak secret", "WEBHOOK_URLS=https://a.example/x", "WEBHOOK_SECRET=hunter2",
       "WEBHOOK_SECRET: has 7 bytes"},
  };
  for (const Case& c : cases) {
    Config config;
    const absl::Status status = Read({c.urls, c.secret}, &config);
    EXPECT_EQ(status.ok(), *c.error == 0) << c.sentence << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.error)) << c.sentence;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hunter2"))) << "never quoted";
    if (!status.ok()) continue;
    EXPECT_EQ(config.webhooks.urls.empty(), config.webhooks.key.empty()) << c.sentence;
  }
}

}  // namespace
}  // namespace switchboard::gateway
