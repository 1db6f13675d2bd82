// The agent runtime as a process: the README's example agent on a real nats-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "common/bus/connection.h"
#include "common/http/probe_server.h"
#include "common/testing/nats_server.h"
#include "common/testing/run_on_loop.h"

namespace switchboard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::RunOnLoop;
using testing::RunUntil;

class RuntimeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    bus::Options options;
    options.url = server_.url();
    connection_ = bus::Connection::Connect(io_, options).value();
    StartGreeter({});
    ASSERT_TRUE(testing::WaitUntil([this] { return Probe("/readyz").ok(); }, seconds(30)))
        << greeter_->Output();
  }

  void StartGreeter(std::map<std::string, std::string> environment) {
    environment["NATS_URL"] = server_.url();
    environment["HEALTH_PORT"] = std::to_string(port_);
    greeter_ = std::make_unique<testing::Process>(std::vector<std::string>{GREETER}, environment,
                                                  folder_.path() + "/greeter.log");
  }

  absl::StatusOr<std::string> Probe(const std::string& path) {
    return http::ProbeGet("127.0.0.1", port_, path, seconds(2));
  }

  absl::StatusOr<bus::Message> Ask(const std::string& verb, const std::string& payload,
                                   bus::Headers headers = {{"Content-Type", "application/json"}}) {
    return RunOnLoop(io_, connection_->Request("mesh.agent.greeter." + verb, std::move(headers),
                                               payload, Deadline::After(seconds(10))));
  }

  testing::NatsServer server_;
  testing::TemporaryFolder folder_;
  const int port_ = testing::FreePort();
  asio::io_context io_;
  std::unique_ptr<bus::Connection> connection_;
  std::unique_ptr<testing::Process> greeter_;
};

TEST_F(RuntimeTest, AnswersJsonWithJsonAndASummary) {
  const auto reply = Ask("greet", R"({"name": "Ada"})");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->payload(), R"({"greeting":"Hello, Ada!"})");
  EXPECT_EQ(reply->Header("Mesh-Agent"), "greeter");
  EXPECT_EQ(reply->Header("Mesh-Summary"), "greeted");
  EXPECT_EQ(reply->Header("Mesh-Type"), "greeter.GreetReply");
}

TEST_F(RuntimeTest, AnswersProtobufWithProtobuf) {
  const auto reply = Ask("greet",
                         "\x0a\x03"
                         "Ada",
                         {});  // field 1, length 3
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->payload(),
            "\x0a\x0b"
            "Hello, Ada!");
}

TEST_F(RuntimeTest, RefusesWhatItCannotUseAndSaysWhy) {
  struct Case {
    const char* sentence;
    const char* verb;
    std::string payload;
    bus::Headers headers;
    const char* status;
    const char* field;
  };
  const bus::Headers json = {{"Content-Type", "application/json"}};
  const Case cases[] = {
      {"an empty field that must not be", "greet", "{}", json, "INVALID_ARGUMENT", "name"},
      {"broken JSON", "greet", "{", json, "INVALID_ARGUMENT", "body"},
      {"bytes that are no protobuf", "greet", "\xff\xff\xff", {}, "INVALID_ARGUMENT", "body"},
      {"an unknown verb", "dance", "{}", json, "UNIMPLEMENTED", "verb"},
      {"a deadline that has passed",
       "greet",
       "{}",
       {{"Mesh-Deadline-Ms", "0"}},
       "DEADLINE_EXCEEDED",
       ""},
  };
  for (const Case& c : cases) {
    const auto reply = Ask(c.verb, c.payload, c.headers);
    ASSERT_TRUE(reply.ok()) << c.sentence << ": " << reply.status();
    EXPECT_EQ(reply->Header("Mesh-Status"), c.status) << c.sentence;
    EXPECT_EQ(reply->Header("Mesh-Error-Field"), c.field) << c.sentence;
    EXPECT_NE(reply->Header("Nats-Service-Error-Code"), "") << c.sentence;
  }
}

TEST_F(RuntimeTest, AnswersTheServicesProtocol) {
  ASSERT_TRUE(Ask("greet", R"({"name": "Ada"})").ok());
  for (const char* subject : {"$SRV.PING", "$SRV.INFO.greeter", "$SRV.STATS.greeter"}) {
    const auto reply =
        RunOnLoop(io_, connection_->Request(subject, {}, "", Deadline::After(seconds(5))));
    ASSERT_TRUE(reply.ok()) << subject;
    const auto answer = nlohmann::json::parse(reply->payload());
    EXPECT_EQ(answer["name"], "greeter") << subject;
  }
  const auto stats = RunOnLoop(
      io_, connection_->Request("$SRV.STATS.greeter", {}, "", Deadline::After(seconds(5))));
  const auto endpoint = nlohmann::json::parse(stats->payload())["endpoints"][0];
  EXPECT_EQ(endpoint["num_requests"], 1);
  EXPECT_EQ(endpoint["num_errors"], 0);
  EXPECT_GT(endpoint["processing_time"], 0);
  EXPECT_EQ(endpoint["subject"], "mesh.agent.greeter.greet");
}

TEST_F(RuntimeTest, ProbesTellTheTruthAboutNats) {
  EXPECT_EQ(Probe("/livez").value(), "ok\n");
  EXPECT_THAT(Probe("/metrics").value(), HasSubstr("switchboard_requests_total"));
  server_.Kill();
  EXPECT_TRUE(testing::WaitUntil([this] { return !Probe("/readyz").ok(); }));
  EXPECT_THAT(std::string(Probe("/readyz").status().message()), HasSubstr("reconnecting"));
  EXPECT_TRUE(Probe("/livez").ok());
  server_.Start();
  EXPECT_TRUE(testing::WaitUntil([this] { return Probe("/readyz").ok(); }));
}

TEST_F(RuntimeTest, SigtermDrainsAndExitsWithZero) {
  greeter_->Signal(SIGTERM);
  EXPECT_EQ(greeter_->Wait(seconds(15)), 0) << greeter_->Output();
  EXPECT_TRUE(absl::IsUnavailable(Ask("greet", R"({"name": "Ada"})").status()));
  EXPECT_THAT(greeter_->Output(), HasSubstr("\"message\":\"stopped\""));
}

TEST_F(RuntimeTest, WithAReplicaSigtermUnderLoadLosesNoRequest) {
  const int replica_port = testing::FreePort();
  testing::Process replica({GREETER, "--health-port=" + std::to_string(replica_port)},
                           {{"NATS_URL", server_.url()}}, folder_.path() + "/replica.log");
  ASSERT_TRUE(testing::WaitUntil(
      [&] { return http::ProbeGet("127.0.0.1", replica_port, "/readyz", seconds(2)).ok(); },
      seconds(30)));
  int answered = 0;
  int failed = 0;
  for (int i = 0; i < 3000; ++i) {
    asio::co_spawn(
        io_,
        connection_->Request("mesh.agent.greeter.greet", {{"Content-Type", "application/json"}},
                             R"({"name": "Ada"})", Deadline::After(seconds(10))),
        [&](std::exception_ptr, absl::StatusOr<bus::Message> reply) {
          (reply.ok() ? answered : failed) += 1;
        });
    if (i == 1500) greeter_->Signal(SIGTERM);
    if (i % 50 == 0) io_.poll();
  }
  EXPECT_TRUE(RunUntil(io_, [&] { return answered + failed == 3000; }));
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(greeter_->Wait(seconds(15)), 0);
}

TEST_F(RuntimeTest, WrongSettingsStopTheStartWithALineEach) {
  testing::Process wrong({GREETER, "--log-level=loud", "--max-in-flight=-1", "--nonsense=1"}, {},
                         folder_.path() + "/wrong.log");
  EXPECT_EQ(wrong.Wait(seconds(10)), 2);
  for (const char* expected :
       {"LOG_LEVEL: \"loud\"", "MAX_IN_FLIGHT: \"-1\"", "--nonsense: no such setting"}) {
    EXPECT_THAT(wrong.Output(), HasSubstr(expected));
  }
}

TEST_F(RuntimeTest, NoNatsIsOneClearLine) {
  testing::Process lonely(
      {GREETER, "--nats-url=nats://127.0.0.1:1", "--nats-connect-timeout-ms=100"}, {},
      folder_.path() + "/lonely.log");
  EXPECT_EQ(lonely.Wait(seconds(10)), 1);
  EXPECT_THAT(lonely.Output(), HasSubstr("connecting to nats://127.0.0.1:1"));
}

}  // namespace
}  // namespace switchboard
