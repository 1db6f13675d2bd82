// The HTTP side whole, over real sockets, with operations that are not.
#include "gateway/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/base/fault.h"
#include "common/testing/process.h"
#include "gateway/fake_operations.h"
#include "gateway/http_api.h"

namespace switchboard::gateway {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A blocking client that sends what it is told and reads to the end or until a text has come.
class Client {
 public:
  explicit Client(int port) : socket_(io_) {
    socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
  }
  Client& Send(const std::string& text) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(text), ignored);
    return *this;
  }
  // Everything up to `text`, which is taken too; what there was when the connection ended before.
  std::string ReadUntil(const std::string& text) {
    size_t at = std::string::npos;
    while ((at = seen_.find(text)) == std::string::npos && ReadSome()) {
    }
    const std::string out = seen_.substr(0, at == std::string::npos ? at : at + text.size());
    seen_.erase(0, out.size());
    return out;
  }
  std::string ReadAll() {
    while (ReadSome()) {
    }
    return std::exchange(seen_, "");
  }
  // Head and body of one answer with Content-Length.
  std::string ReadAnswer() {
    std::string head = ReadUntil("\r\n\r\n");
    const size_t at = head.find("Content-Length: ");
    const size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    while (seen_.size() < length && ReadSome()) {
    }
    head += seen_.substr(0, length);
    seen_.erase(0, length);
    return head;
  }
  void Close() { socket_.close(); }

 private:
  bool ReadSome() {
    char buffer[4096];
    boost::system::error_code error;
    const size_t size = socket_.read_some(asio::buffer(buffer), error);
    seen_.append(buffer, size);
    return !error;
  }
  asio::io_context io_;
  tcp::socket socket_;
  std::string seen_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpServerOptions options = {}) {
    options.port = 0;
    server_ = std::make_unique<HttpServer>(
        io_, options, [this](HttpRequest request) { return api_.Handle(std::move(request)); },
        [](absl::Status error) { return HttpApi::Problem(error, "0"); });
    ASSERT_TRUE(server_->Listen().ok());
    port_ = server_->port();
    thread_ = std::thread([this] { io_.run(); });
  }
  void TearDown() override {
    OnLoop([this] { server_->Drain(); });
    OnLoop([this] { server_.reset(); });
    work_.reset();
    asio::post(io_, [this] { io_.stop(); });
    thread_.join();
  }
  void OnLoop(std::function<void()> what) {
    std::promise<void> done;
    asio::post(io_, [&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }
  static std::string Post(const std::string& path, const std::string& body,
                          const std::string& headers = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string Get(const std::string& path, const std::string& headers = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
  }
  std::string Ask(const std::string& request) { return Client(port_).Send(request).ReadAnswer(); }
  static json BodyOf(const std::string& answer) {
    return json::parse(answer.substr(answer.find("\r\n\r\n") + 4), nullptr, false);
  }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  FakeOperations operations_;
  HttpApi api_{&operations_, {.turn_timeout = 15000ms, .version = "1"}, [this](bool* ready) {
                 *ready = ready_;
                 return std::string("{}");
               }};
  std::atomic<bool> ready_{true};
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersEveryOperation) {
  Start();
  const struct {
    const char* sentence;
    std::string request;
    const char* status;
    const char* words;
  } cases[] = {
      {"invoke", Post("/v1/invoke", R"({"text":"hi"})"), "200", R"("reply":"you said: hi")"},
      {"message", Post("/v1/conversations/c-1/messages", R"({"text":"hi"})"), "200",
       R"("conversation_id":"c-1")"},
      {"message to another conversation than the path's",
       Post("/v1/conversations/c-1/messages", R"({"text":"hi","conversation_id":"c-2"})"), "400",
       R"("field":"conversation_id")"},
      {"open a conversation", Post("/v1/conversations", R"({"channel":"web"})"), "201",
       R"("channel":"web")"},
      {"open a conversation without a body", Post("/v1/conversations", ""), "201", "c-1"},
      {"read a conversation", Get("/v1/conversations/c-1?page_size=7"), "200", R"("turn_count":7)"},
      {"read one that is not there", Get("/v1/conversations/c-9"), "404",
       R"("field":"conversation_id")"},
      {"feedback", Post("/v1/conversations/c-1/feedback", R"({"rating":4})"), "201", "c-1/4"},
      {"agents", Get("/v1/agents"), "200", R"("name":"escalation","state":"ok","instances":2)"},
      {"one agent", Post("/v1/agents/escalation/assess", R"({"a":[1]})"), "200",
       R"("verb":"assess","request":{"a":[1]})"},
      {"chat", Post("/api/v1/chat", R"({"message":"hi","session_id":"s","mood":"good"})"), "200",
       R"("response":"hi","session_id":"s")"},
      {"chat with a number for a message", Post("/api/v1/chat", R"({"message":1})"), "400",
       R"("field":"message")"},
      {"status", Get("/api/v1/status"), "200", R"("status":"degraded")"},
      {"live", Get("/health"), "200", "ok"},
      {"metrics", Get("/metrics"), "200", "switchboard_gateway_requests_total"},
      {"docs", Get("/docs"), "200", "<h1>Switchboard</h1>"},
      {"errors", Get("/docs/errors"), "200", "invalid-argument"},
      {"openapi", Get("/openapi.json"), "200", "3.1.0"},
      {"root", Get("/"), "302", "Location: /docs"},
      {"a path that is not there", Get("/v1/nothing"), "404", R"("field":"path")"},
      {"a wrong method", Get("/v1/invoke"), "405", "Allow: POST"},
      {"a form",
       "POST /v1/invoke HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
       "Content-Length: 2\r\n\r\nhi",
       "415", R"("field":"Content-Type")"},
      {"a wrong key", Post("/v1/invoke", R"({"text":"hi"})", "Idempotency-Key: a b\r\n"), "400",
       R"("field":"Idempotency-Key")"},
      {"an exception", Get("/v1/analytics/summary?window=1h"), "500", "trace_id"},
      {"a broken request line", "GE T / HTTP/1.1\r\n\r\n", "400", "problem+json"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.sentence);
    const std::string answer = Ask(test.request);
    EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + test.status));
    EXPECT_THAT(answer, HasSubstr(test.words));
    EXPECT_THAT(answer, Not(HasSubstr("caller's eyes")));
  }
}

TEST_F(HttpServerTest, GivesTheTraceAndTheIdBack) {
  Start();
  const std::string answer = Ask(Post("/v1/invoke", R"({"text":"hi"})",
                                      "Idempotency-Key: key-1\r\nRequest-Timeout-Ms: 700\r\n"
                                      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"
                                      "00f067aa0ba902b7-01\r\n"));
  EXPECT_THAT(answer, HasSubstr("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_THAT(answer, HasSubstr("X-Request-Id: key-1\r\n"));
  EXPECT_EQ(BodyOf(answer)["turn_id"], "key-1");
  EXPECT_LE(operations_.last_context.deadline.Remaining(), 700ms);
}

TEST_F(HttpServerTest, GivesARefusedRequestAnIdAndItsTraceToo) {
  Start();
  const std::string answer = Ask(Post("/v1/invoke", R"({"text":"hi"})",
                                      "Idempotency-Key: \r\n"
                                      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"
                                      "00f067aa0ba902b7-01\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer, ContainsRegex("X-Request-Id: [0-9a-f-]{36}\r\n"));
  EXPECT_EQ(BodyOf(answer)["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(HttpServerTest, SaysWhenToComeBack) {
  Start();
  operations_.turn_status = WithRetryAfterMs(absl::ResourceExhaustedError("full"), 3000);
  EXPECT_THAT(Ask(Post("/v1/invoke", R"({"text":"hi"})")),
              ::testing::AllOf(StartsWith("HTTP/1.1 429"), HasSubstr("Retry-After: 3\r\n")));
  ready_ = false;
  EXPECT_THAT(Ask(Get("/readyz")), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrderOnOneConnection) {
  Start();
  operations_.delay_after = 20ms;
  Client client(port_);
  client.Send(Post("/v1/invoke", R"({"text":"one"})") + Get("/livez") +
              Post("/v1/invoke", R"({"text":"two"})"));
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("you said: one"));
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("ok"));
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("you said: two"));
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  Start();
  Client client(port_);
  client.Send("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n" + Get("/livez"));
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Length: 15"));
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, StreamsATurnAndKeepsTheConnection) {
  Start();
  operations_.events = 2;
  Client client(port_);
  client.Send(Post("/v1/stream", R"({"text":"hi"})", "Idempotency-Key: k\r\n"));
  const std::string stream = client.ReadUntil("\r\n0\r\n\r\n");
  EXPECT_THAT(stream, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(stream, HasSubstr("id: k:1\nevent: sentence\ndata: {\"text\":\"sentence 0\""));
  EXPECT_THAT(stream, HasSubstr("id: k:2\nevent: sentence\n"));
  EXPECT_THAT(stream, HasSubstr("id: k:final\nevent: final\ndata: {\"turn_id\":\"k\""));
  client.Send(Get("/livez"));
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, StreamsAMessageWhenAskedTo) {
  Start();
  operations_.events = 1;
  Client client(port_);
  client.Send(
      Post("/v1/conversations/c-1/messages", R"({"text":"hi"})", "Accept: text/event-stream\r\n"));
  EXPECT_THAT(client.ReadUntil("event: final"), HasSubstr("event: sentence"));
}

TEST_F(HttpServerTest, APathCannotAddAHeader) {
  Start();
  operations_.events = 1;
  Client client(port_);
  client.Send(Post("/v1/conversations/x%0d%0aX-Injected:%20yes/messages", R"({"text":"hi"})",
                   "Accept: text/event-stream\r\n"));
  EXPECT_THAT(client.ReadUntil("event: final"), Not(HasSubstr("\nx-injected")));
}

TEST_F(HttpServerTest, AcceptsATurnForLaterWhenAskedTo) {
  Start();
  const std::string prefer = "Idempotency-Key: a.b\r\nPrefer: respond-async\r\n";
  for (const char* path : {"/v1/invoke", "/v1/conversations/c-1/messages"}) {
    const std::string answer = Ask(Post(path, R"({"text":"hi"})", prefer));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 202")) << path;
    EXPECT_THAT(answer, HasSubstr("Location: /v1/turns/c-1.a%2Eb\r\n")) << path;
    EXPECT_THAT(answer, HasSubstr("Preference-Applied: respond-async\r\n")) << path;
    EXPECT_EQ(BodyOf(answer)["state"], "ACCEPTED") << path;
  }
  // Preferences come in one header or in several.
  (void)Ask(Post("/v1/invoke", R"({"text":"hi"})", prefer + "Prefer: wait=2\r\n"));
  EXPECT_EQ(operations_.last_wait_ms, 2000u);
}

TEST_F(HttpServerTest, TellsWhereATurnStands) {
  Start();
  const std::string id = "0199f3a2-7c41-7b62-9d0e-5a8f3f1c2b7d.a/b";
  const std::string path = "/v1/turns/0199f3a2-7c41-7b62-9d0e-5a8f3f1c2b7d.a%2Fb";
  operations_.stands.set_id(id);
  operations_.stands.set_turn_id("a/b");
  operations_.stands.set_state(v1::TurnStatus::DEAD);
  const std::string answer = Ask(Get(path, "Prefer: wait=100\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(BodyOf(answer)["state"], "DEAD");
  EXPECT_EQ(operations_.last_wait_ms, 60000u);
  const std::string events = "Accept: text/event-stream\r\n";
  EXPECT_THAT(Client(port_).Send(Get(path, events)).ReadUntil("\r\n0\r\n\r\n"),
              HasSubstr("id: a/b:final\nevent: dead\n"));
  EXPECT_FALSE(operations_.last_begun);
  (void)Client(port_).Send(Get(path, events + "Last-Event-ID: a/b:3\r\n")).ReadUntil("\r\n0\r\n");
  EXPECT_TRUE(operations_.last_begun);
  const std::string nothing = Ask(Get(path, events + "Last-Event-ID: a/b:final\r\n"));
  EXPECT_THAT(nothing, StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(nothing, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(Ask(Get("/v1/turns/other")), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask(Get(path + "?wait=1")), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, AResumedStreamBringsOnlyTheEnd) {
  Start();
  operations_.events = 2;
  const std::string key = "Idempotency-Key: k\r\nLast-Event-ID: ";
  const std::string body = R"({"text":"hi"})";
  const std::string rest =
      Client(port_).Send(Post("/v1/stream", body, key + "k:1\r\n")).ReadUntil("\r\n0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr("id: k:final\nevent: final"));
  EXPECT_THAT(rest, Not(HasSubstr("event: sentence")));
  EXPECT_THAT(Ask(Post("/v1/stream", body, key + "k:final\r\n")), StartsWith("HTTP/1.1 204"));
  // What is known of another turn means nothing for this one.
  EXPECT_THAT(Client(port_).Send(Post("/v1/stream", body, key + "j:final\r\n")).ReadUntil("final"),
              HasSubstr("event: sentence"));
}

TEST_F(HttpServerTest, AReaderThatIsTooSlowIsCutOffAndResumes) {
  HttpServerOptions options;
  options.events.pending_bytes_max = 2000;
  Start(options);
  operations_.events = 1000;  // more at once than may wait
  const std::string key = "Idempotency-Key: k\r\n";
  const std::string body = R"({"text":"hi"})";
  const std::string cut = Client(port_).Send(Post("/v1/stream", body, key)).ReadAll();
  EXPECT_THAT(cut, Not(HasSubstr("event: final")));
  const std::string rest = Client(port_)
                               .Send(Post("/v1/stream", body, key + "Last-Event-ID: k:1\r\n"))
                               .ReadUntil("\r\n0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr("id: k:final\nevent: final"));
}

TEST_F(HttpServerTest, AProducerThatThrowsLeavesNobodyHanging) {
  Start();
  const std::string answer = Ask(Get("/v1/turns/throw", "Accept: text/event-stream\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(answer, Not(HasSubstr("not for the caller's eyes")));
}

TEST_F(HttpServerTest, AnErrorBeforeTheFirstEventIsAnOrdinaryProblem) {
  Start();
  operations_.turn_status = UnknownConversation();
  const std::string answer = Ask(Post("/v1/stream", R"({"text":"hi"})"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(answer, HasSubstr("X-Request-Id"));
  EXPECT_EQ(BodyOf(answer)["field"], "conversation_id");
}

TEST_F(HttpServerTest, AnErrorAfterTheFirstEventIsTheLastEvent) {
  Start();
  operations_.events = 1;
  operations_.delay_after = 20ms;
  operations_.turn_status = absl::DeadlineExceededError("late");
  Client client(port_);
  client.Send(Post("/v1/stream", R"({"text":"hi"})"));
  EXPECT_THAT(client.ReadUntil("\r\n0\r\n\r\n"), HasSubstr("event: error\ndata: {\"type\":"));
}

TEST_F(HttpServerTest, ASilentStreamIsKeptAliveWithComments) {
  HttpServerOptions options;
  options.events.keep_alive = 20ms;
  Start(options);
  operations_.delay_after = 100ms;
  Client client(port_);
  client.Send(Post("/v1/stream", R"({"text":"hi"})"));
  EXPECT_THAT(client.ReadUntil("event: final"), HasSubstr(": keep-alive\n\n"));
}

TEST_F(HttpServerTest, AStreamEndsWhenItsReaderLeaves) {
  Start();
  operations_.events = 1;
  operations_.delay_after = 60s;
  Client client(port_);
  client.Send(Post("/v1/stream", R"({"text":"hi"})"));
  client.ReadUntil("event: sentence");
  client.Close();
  EXPECT_TRUE(testing::WaitUntil([this] { return operations_.turns_cancelled == 1; }, 5s));
}

TEST_F(HttpServerTest, AnAnswerThatNobodyWaitsForIsNotWorkedOn) {
  Start();
  operations_.delay_before = 60s;
  Client client(port_);
  client.Send(Post("/v1/invoke", R"({"text":"hi"})"));
  ASSERT_TRUE(testing::WaitUntil([this] { return operations_.turns_begun == 1; }, 5s));
  client.Close();
  EXPECT_TRUE(testing::WaitUntil([this] { return operations_.turns_cancelled == 1; }, 5s));
}

TEST_F(HttpServerTest, AStreamForAnOldClientEndsWithTheConnection) {
  Start();
  operations_.events = 1;
  Client client(port_);
  client.Send("POST /v1/stream HTTP/1.0\r\nContent-Length: 13\r\n\r\n{\"text\":\"hi\"}");
  const std::string stream = client.ReadAll();
  EXPECT_THAT(stream, HasSubstr("event: final"));
  EXPECT_THAT(stream, Not(HasSubstr("chunked")));
}

TEST_F(HttpServerTest, RefusesWhatIsTooLargeAndStaysWell) {
  Start();
  const std::string body(1100 * 1024, 'x');
  EXPECT_THAT(Ask(Post("/v1/invoke", body)), StartsWith("HTTP/1.1 413"));
  // Without a length nothing is known before it has come.
  Client chunked(port_);
  chunked.Send("POST /v1/invoke HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 17; ++i) chunked.Send("10000\r\n" + std::string(65536, 'x') + "\r\n");
  EXPECT_THAT(chunked.ReadAnswer(), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Ask("GET /livez HTTP/1.1\r\nX: " + std::string(20000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Ask(Post("/v1/invoke", R"({"text":")" + std::string(1000000, 'x') + R"("})")),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, SaysContinueToAClientThatAsks) {
  Start();
  Client client(port_);
  client.Send(
      "POST /v1/invoke HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.Send("{\"text\":\"hi\"}");
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, DoesNotWaitForSlowOrSilentClients) {
  HttpServerOptions options;
  options.header_limit = 50ms;
  options.body_limit = 50ms;
  options.idle_limit = 50ms;
  Start(options);
  EXPECT_EQ(Client(port_).ReadAll(), "") << "it sent nothing";
  EXPECT_THAT(Client(port_).Send("GET /li").ReadAll(), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(
      Client(port_).Send("POST /v1/invoke HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").ReadAll(),
      StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, TurnsAwayMoreConnectionsThanItTakes) {
  HttpServerOptions options;
  options.connections_max = 2;
  Start(options);
  Client first(port_), second(port_);
  EXPECT_THAT(first.Send(Get("/livez")).ReadAnswer(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(second.Send(Get("/livez")).ReadAnswer(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Client(port_).ReadAll(),
              ::testing::AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After")));
  first.Close();
  EXPECT_TRUE(testing::WaitUntil([this] {
    return Client(port_).Send(Get("/livez")).ReadAnswer().starts_with("HTTP/1.1 200");
  }));
}

TEST_F(HttpServerTest, TellsItsClientsToGoElsewhereBeforeTheDoorCloses) {
  Start();
  Client early(port_);
  early.Send(Get("/livez")).ReadAnswer();
  OnLoop([this] { server_->Leave(); });
  const auto last_answer =
      ::testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Connection: close"));
  EXPECT_THAT(early.Send(Get("/livez")).ReadAll(), last_answer);
  EXPECT_THAT(Client(port_).Send(Get("/livez")).ReadAll(), last_answer);
  const std::string events = Client(port_).Send(Post("/v1/stream", R"({"text":"hi"})")).ReadAll();
  EXPECT_THAT(events, ::testing::AllOf(last_answer, HasSubstr("event: final")));
  OnLoop([this] { server_->Drain(); });
  EXPECT_THROW(Client{port_}, boost::system::system_error);
}

TEST_F(HttpServerTest, AnEventStreamThatBeganBeforeTheEndLeavesItsConnectionUsable) {
  Start();
  operations_.events = 1;
  operations_.delay_after = 200ms;
  Client client(port_);
  client.Send(Post("/v1/stream", R"({"text":"hi"})"));
  EXPECT_THAT(client.ReadUntil("event: sentence"), Not(HasSubstr("Connection: close")));
  OnLoop([this] { server_->Leave(); });
  EXPECT_THAT(client.ReadUntil("\r\n0\r\n\r\n"), HasSubstr("event: final"));
  EXPECT_THAT(client.Send(Get("/livez")).ReadAll(), StartsWith("HTTP/1.1 200"))
      << "its head said keep-alive: the client may have its next request under way";
}

TEST_F(HttpServerTest, WhoHasConnectedWhenTheDoorClosesIsAnswered) {
  Start();
  std::unique_ptr<Client> client;
  OnLoop([&] {  // the loop has no chance to accept in between
    client = std::make_unique<Client>(port_);
    server_->Drain();
  });
  EXPECT_THAT(client->Send(Get("/livez")).ReadAll(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, DrainsWhatIsInHandAndClosesTheRest) {
  Start();
  operations_.delay_after = 200ms;
  Client idle(port_), busy(port_);
  idle.Send(Get("/livez")).ReadAnswer();
  busy.Send(Post("/v1/invoke", R"({"text":"hi"})"));
  ASSERT_TRUE(testing::WaitUntil([this] { return operations_.turns_begun == 1; }));
  OnLoop([this] { server_->Drain(); });
  EXPECT_EQ(idle.ReadAll(), "");
  EXPECT_THAT(busy.ReadAll(),
              ::testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Connection: close")));
  EXPECT_THROW(Client{port_}, boost::system::system_error);
  EXPECT_TRUE(testing::WaitUntil([this] {
    int open = -1;
    OnLoop([&] { open = server_->connections(); });
    return open == 0;
  }));
}

}  // namespace
}  // namespace switchboard::gateway
