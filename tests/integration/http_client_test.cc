// The HTTP client against another's server (http_peer.py), over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/http/client.h"
#include "common/testing/process.h"
#include "common/testing/run_on_loop.h"
#include "tests/integration/http_peer.h"

namespace switchboard::http {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using Peer = testing::HttpPeer;
using testing::RunOnLoop;
using testing::RunUntil;

// A certificate that signs itself, for the address the peer listens on.
struct Certificate {
  testing::TemporaryFolder folder;
  std::string certificate = folder.path() + "/certificate.pem";
  std::string key = folder.path() + "/key.pem";
  explicit Certificate(const std::string& name = "IP:127.0.0.1") {
    testing::Process openssl(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=peer",
         "-addext", "subjectAltName=" + name},
        {}, folder.path() + "/openssl.log");
    if (openssl.Wait(30s) != 0) throw std::runtime_error("openssl: " + openssl.Output());
  }
};

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() {
    // The tests' own server is not beyond a proxy, whatever the machine has.
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
      unsetenv(name);
    }
    Open({});
  }
  void Open(ClientOptions options) { client_ = std::make_unique<Client>(io_, options); }
  absl::StatusOr<Response> Send(Request request, std::chrono::milliseconds limit = 20s) {
    return RunOnLoop(io_, client_->Send(std::move(request), Deadline::After(limit)));
  }
  absl::StatusOr<Response> Get(const std::string& path) { return Send({.url = peer_.Url(path)}); }
  json Counters() {
    // Through a client of its own: the one under test shall not be disturbed.
    Client other(io_, {});
    const auto answer =
        RunOnLoop(io_, other.Send({.url = peer_.Url("/counters")}, Deadline::After(20s)));
    return json::parse(answer->body);
  }
  bool CounterReaches(const std::string& name, int value) {
    return testing::WaitUntil([&] { return Counters()[name] >= value; });
  }

  Peer peer_;
  asio::io_context io_;
  std::unique_ptr<Client> client_;
};

TEST_F(HttpClientTest, WhatIsSentArrivesAndWhatIsAnsweredComesBack) {
  const auto posted = Send({.method = "POST",
                            .url = peer_.Url("/echo/a/../b?c=%2F"),
                            .headers = {{"X-One", "1"}, {"X-Empty", ""}},
                            .body = "{\"a\":1}"});
  ASSERT_TRUE(posted.ok()) << posted.status();
  EXPECT_EQ(posted->status, 200);
  EXPECT_EQ(posted->Header("x-answer"), "yes");
  const json sent = json::parse(posted->body);
  EXPECT_EQ(sent["method"], "POST");
  EXPECT_EQ(sent["path"], "/echo/a/../b?c=%2F") << "the path goes out as it was given";
  EXPECT_EQ(sent["body"], "{\"a\":1}");
  EXPECT_EQ(sent["headers"]["x-one"], "1");
  EXPECT_EQ(sent["headers"]["x-empty"], "");
  EXPECT_EQ(sent["headers"]["user-agent"], "switchboard");
  EXPECT_FALSE(sent["headers"].contains("content-type")) << "none that nobody gave";
  EXPECT_FALSE(sent["headers"].contains("expect"));
  for (const char* method : {"GET", "PUT", "DELETE", "PATCH"}) {
    const auto answer = Send({.method = method, .url = peer_.Url("/echo")});
    ASSERT_TRUE(answer.ok()) << method << answer.status();
    EXPECT_EQ(json::parse(answer->body)["method"], method);
  }
  const auto head = Send({.method = "HEAD", .url = peer_.Url("/bytes?n=10")});
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->Header("content-length"), "10");
  EXPECT_EQ(head->body, "");
}

TEST_F(HttpClientTest, AnyStatusIsAnAnswer) {
  for (const int code : {204, 404, 410, 500, 503}) {
    const auto answer = Get(StrCat("/status?code=", code));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->status, code);
  }
}

TEST_F(HttpClientTest, OneConnectionServesRequestsOneAfterTheOther) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Get("/bytes?n=100").ok());
  EXPECT_EQ(Counters()["connections"], 1 + 1) << "one, and the one that asks for the counters";
}

TEST_F(HttpClientTest, AKeptConnectionThatTheServerClosedIsReplaced) {
  for (int i = 0; i < 5; ++i) {
    const auto answer = Send({.method = "POST", .url = peer_.Url("/stale"), .body = "x"});
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->body, "closing");
  }
}

TEST_F(HttpClientTest, ADeadlineEndsTheRequestAndItsConnection) {
  const auto answer = Send({.url = peer_.Url("/hang")}, 100ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
  EXPECT_EQ(client_->in_flight(), 0);
  EXPECT_TRUE(CounterReaches("gone", 1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Send({.url = peer_.Url("/echo")}, 0ms).status()));
  EXPECT_TRUE(Get("/echo").ok()) << "the next one is served";
}

TEST_F(HttpClientTest, ACancelledCoroutineAbortsItsTransfer) {
  asio::cancellation_signal cancel;
  std::optional<absl::Status> outcome;
  asio::co_spawn(io_, client_->Send({.url = peer_.Url("/hang")}, Deadline::After(20s)),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](std::exception_ptr, absl::StatusOr<Response> result) {
                       outcome = result.status();
                     }));
  ASSERT_TRUE(CounterReaches("in_hand", 2)) << "this one, and the one that counts";
  cancel.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(RunUntil(io_, [&] { return outcome.has_value(); }));
  EXPECT_TRUE(absl::IsCancelled(*outcome)) << *outcome;
  EXPECT_EQ(client_->in_flight(), 0);
  EXPECT_TRUE(CounterReaches("gone", 1));
}

TEST_F(HttpClientTest, TheClientsEndEndsItsRequests) {
  std::optional<absl::Status> outcome;
  asio::co_spawn(
      io_, client_->Send({.url = peer_.Url("/hang")}, Deadline::After(20s)),
      [&](std::exception_ptr, absl::StatusOr<Response> result) { outcome = result.status(); });
  ASSERT_TRUE(CounterReaches("in_hand", 2));
  client_.reset();
  ASSERT_TRUE(RunUntil(io_, [&] { return outcome.has_value(); }));
  EXPECT_TRUE(absl::IsCancelled(*outcome)) << *outcome;
  EXPECT_TRUE(CounterReaches("gone", 1));
}

TEST_F(HttpClientTest, ABodyIsTakenUpToItsBoundAndNoByteMore) {
  const auto fits = Send({.url = peer_.Url("/bytes?n=5000"), .body_bytes_max = 5000});
  ASSERT_TRUE(fits.ok()) << fits.status();
  EXPECT_EQ(fits->body.size(), 5000u);
  const auto beyond = Send({.url = peer_.Url("/bytes?n=5001"), .body_bytes_max = 5000});
  EXPECT_TRUE(absl::IsResourceExhausted(beyond.status())) << beyond.status();
  const auto endless = Send({.url = peer_.Url("/endless"), .body_bytes_max = 50});
  EXPECT_TRUE(absl::IsResourceExhausted(endless.status())) << endless.status();
  EXPECT_TRUE(CounterReaches("gone", 1));
  const auto headers = Get("/headers?bytes=80000");
  EXPECT_TRUE(absl::IsResourceExhausted(headers.status())) << headers.status();
}

TEST_F(HttpClientTest, AStreamArrivesPieceByPieceWithItsHead) {
  std::string seen;
  const auto answer = Send({.url = peer_.Url("/stream?n=200"),
                            .on_chunk = [&](const Response& head, std::string_view chunk) {
                              EXPECT_EQ(head.status, 200);
                              EXPECT_EQ(head.Header("content-type"), "text/event-stream");
                              seen.append(chunk);
                              return true;
                            }});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), 200);
  EXPECT_THAT(seen, HasSubstr("chunk 198\nchunk 199\n"));
}

TEST_F(HttpClientTest, AChunkArrivesBeforeTheStreamHasEndedAndItsReceiverMayEndIt) {
  int chunks = 0;
  const auto answer =
      Send({.url = peer_.Url("/endless"),
            .on_chunk = [&](const Response&, std::string_view) { return ++chunks < 3; }});
  EXPECT_TRUE(absl::IsCancelled(answer.status())) << answer.status();
  EXPECT_EQ(chunks, 3);
  EXPECT_TRUE(CounterReaches("gone", 1));
}

TEST_F(HttpClientTest, AnErrorsBodyIsNotStreamed) {
  const auto answer = Send(
      {.url = peer_.Url("/status?code=429"), .on_chunk = [](const Response&, std::string_view) {
         ADD_FAILURE() << "a caller of a stream takes no error for it";
         return true;
       }});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->body, "it says why");
}

TEST_F(HttpClientTest, AReceiverMaySendAnotherRequestWhileItReceives) {
  std::optional<absl::StatusOr<Response>> inner;
  const auto answer =
      Send({.url = peer_.Url("/stream?n=1"), .on_chunk = [&](const Response&, std::string_view) {
              asio::co_spawn(io_, client_->Send({.url = peer_.Url("/echo")}, Deadline::After(20s)),
                             [&](std::exception_ptr, absl::StatusOr<Response> result) {
                               inner = std::move(result);
                             });
              return true;
            }});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_TRUE(RunUntil(io_, [&] { return inner.has_value(); }));
  EXPECT_TRUE(inner->ok()) << inner->status();
}

TEST_F(HttpClientTest, RedirectsAreFollowedOnlyWhenAskedFor) {
  const std::string to_echo = "/redirect?to=/echo";
  const auto plain = Get(to_echo);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->status, 302);
  EXPECT_EQ(plain->Header("location"), "/echo");
  const auto followed = Send({.url = peer_.Url(to_echo), .redirects_max = 1});
  ASSERT_TRUE(followed.ok()) << followed.status();
  EXPECT_EQ(followed->status, 200);
  EXPECT_EQ(followed->Header("location"), "") << "headers of the last answer only";
  const auto around =
      Send({.url = peer_.Url("/redirect?to=/redirect?to=/echo"), .redirects_max = 1});
  EXPECT_TRUE(absl::IsFailedPrecondition(around.status())) << around.status();
  const auto file =
      Send({.url = peer_.Url("/redirect?to=file:///etc/hostname"), .redirects_max = 1});
  EXPECT_TRUE(absl::IsFailedPrecondition(file.status())) << file.status();
}

TEST_F(HttpClientTest, AProxyIsTakenFromTheEnvironment) {
  setenv("http_proxy", peer_.Url("").c_str(), 1);
  const auto answer = Send({.url = "http://shop.invalid/echo"});
  setenv("no_proxy", "shop.invalid", 1);
  const auto direct = Send({.url = "http://shop.invalid/echo"});
  unsetenv("http_proxy");
  unsetenv("no_proxy");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(json::parse(answer->body)["path"], "http://shop.invalid/echo");
  EXPECT_TRUE(absl::IsUnavailable(direct.status())) << direct.status();
}

TEST_F(HttpClientTest, WhereNobodyListensIsUnavailable) {
  const auto refused = Send({.url = StrCat("http://127.0.0.1:", testing::FreePort(), "/")});
  EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
  const auto no_name = Send({.url = "http://no-such-name.invalid/"});
  EXPECT_TRUE(absl::IsUnavailable(no_name.status())) << no_name.status();
}

TEST_F(HttpClientTest, WhatCannotBeSentIsRefused) {
  struct Case {
    const char* sentence;
    Request request;
  };
  const Case cases[] = {
      {"another scheme", {.url = "file:///etc/hostname"}},
      {"a scheme that curl knows", {.url = "ftp://127.0.0.1/"}},
      {"no scheme", {.url = "127.0.0.1/"}},
      {"no URL", {.url = ""}},
      {"no host", {.url = "http://"}},
      {"a line break in the URL", {.url = peer_.Url("/echo\r\nX: y")}},
      {"a NUL in the URL", {.url = peer_.Url(std::string("/echo\0x", 7))}},
      {"a line break in a header", {.url = peer_.Url("/echo"), .headers = {{"X", "a\r\nY: b"}}}},
      {"a header's name with a colon", {.url = peer_.Url("/echo"), .headers = {{"X:", "a"}}}},
      {"a method with a space", {.method = "GET /x", .url = peer_.Url("/echo")}},
  };
  for (const Case& c : cases) {
    const auto answer = Send(c.request);
    EXPECT_TRUE(absl::IsInvalidArgument(answer.status())) << c.sentence << ": " << answer.status();
  }
}

TEST_F(HttpClientTest, ManyRequestsShareFewConnections) {
  Open({.connections_max = 8, .connections_per_host_max = 8});
  constexpr int kRequests = 200;
  int ended = 0, good = 0;
  for (int i = 0; i < kRequests; ++i) {
    asio::co_spawn(io_, client_->Send({.url = peer_.Url("/pause?ms=5")}, Deadline::After(60s)),
                   [&](std::exception_ptr, absl::StatusOr<Response> result) {
                     ++ended;
                     good += result.ok() && result->body == "late";
                   });
  }
  ASSERT_TRUE(RunUntil(
      io_, [&] { return ended == kRequests; }, 60s));
  EXPECT_EQ(good, kRequests);
  const json counters = Counters();
  EXPECT_LE(counters["connections"], 8 + 1) << "and the one that asks for the counters";
  EXPECT_GT(counters["in_hand_max"], 4) << "they were used side by side";
}

TEST_F(HttpClientTest, RequestsBeyondTheBoundAreRefusedAtOnce) {
  Open({.requests_max = 2});
  int ended = 0;
  for (int i = 0; i < 2; ++i) {
    asio::co_spawn(io_, client_->Send({.url = peer_.Url("/hang")}, Deadline::After(20s)),
                   [&](std::exception_ptr, absl::StatusOr<Response>) { ++ended; });
  }
  ASSERT_TRUE(RunUntil(io_, [&] { return client_->in_flight() == 2; }));
  const auto third = Get("/echo");
  EXPECT_TRUE(absl::IsResourceExhausted(third.status())) << third.status();
  EXPECT_GT(RetryAfterMsOf(third.status()), 0);
  client_.reset();
  EXPECT_TRUE(RunUntil(io_, [&] { return ended == 2; }));
}

TEST_F(HttpClientTest, APeerThatDiesUnderARequestIsUnavailable) {
  std::optional<absl::Status> outcome;
  asio::co_spawn(
      io_, client_->Send({.url = peer_.Url("/hang")}, Deadline::After(20s)),
      [&](std::exception_ptr, absl::StatusOr<Response> result) { outcome = result.status(); });
  ASSERT_TRUE(CounterReaches("in_hand", 2));
  peer_.process().Signal(SIGKILL);
  ASSERT_TRUE(RunUntil(io_, [&] { return outcome.has_value(); }));
  EXPECT_TRUE(absl::IsUnavailable(*outcome)) << *outcome;
}

TEST_F(HttpClientTest, TheLoopMayEndBeforeItsRequests) {
  auto io = std::make_unique<asio::io_context>();
  auto client = std::make_unique<Client>(*io, ClientOptions{});
  asio::co_spawn(*io, client->Send({.url = peer_.Url("/hang")}, Deadline::After(20s)),
                 asio::detached);
  ASSERT_TRUE(testing::WaitUntil([&] {
    io->poll();
    return Counters()["in_hand"] >= 2;
  }));
  client.reset();
  io.reset();  // the coroutine's frame goes with it
  EXPECT_TRUE(CounterReaches("gone", 1));
}

TEST_F(HttpClientTest, ACertificateThatNobodyVouchesForIsRefused) {
  const Certificate certificate;
  Peer secure({certificate.certificate, certificate.key});
  const auto refused = Send({.url = secure.Url("/echo")});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("certificate"));
  Open({.ca_file = certificate.certificate});
  const auto trusted = Send({.url = secure.Url("/echo")});
  ASSERT_TRUE(trusted.ok()) << trusted.status();
  EXPECT_EQ(trusted->status, 200);
}

TEST_F(HttpClientTest, ACertificateForAnotherNameIsRefused) {
  const Certificate certificate("DNS:somebody.else");
  Peer secure({certificate.certificate, certificate.key});
  Open({.ca_file = certificate.certificate});
  const auto refused = Send({.url = secure.Url("/echo")});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
}

}  // namespace
}  // namespace switchboard::http
