// The operations over a real nats-server, with a supervisor and agents that are not.
#include "gateway/mesh_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <list>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/runtime/call.h"
#include "common/runtime/streams.h"
#include "common/testing/nats_server.h"
#include "common/testing/run_on_loop.h"
#include "gateway/problem.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr char kConversation[] = "0199f3a2-7c41-7b62-9d0e-5a8f3f1c2b7d";

class MeshOperationsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { nats_ = new testing::NatsServer; }
  static void TearDownTestSuite() {
    delete nats_;
    nats_ = nullptr;
  }

  MeshOperationsTest() {
    bus::Options options;
    options.url = nats_->url();
    options.name = "gateway-test";
    connection_ = *bus::Connection::Connect(io_, options);
    directory_ = std::make_unique<AgentDirectory>(*connection_);
    MeshOperations::Options mesh;
    mesh.turns_in_flight_max = 2;
    operations_ = std::make_unique<MeshOperations>(*connection_, *directory_, mesh);
  }
  ~MeshOperationsTest() override {
    subscriptions_.clear();
    connection_->Close();
    io_.restart();
    io_.poll();
  }

  // Runs the loop until `work` has ended.
  template <typename T>
  T Await(Awaitable<T> work) {
    std::optional<T> result;
    std::exception_ptr thrown;
    io_.restart();
    asio::co_spawn(io_, std::move(work), [&](std::exception_ptr error, T value) {
      thrown = error;
      result = std::move(value);
      io_.stop();
    });
    io_.run();
    if (thrown) std::rethrow_exception(thrown);
    return *std::move(result);
  }

  using Handler = std::function<void(const bus::Message&)>;
  void Serve(const std::string& subject, Handler handler) {
    auto subscription =
        connection_->Subscribe(subject, "", [handler](bus::Message message) { handler(message); });
    ASSERT_TRUE(subscription.ok());
    subscriptions_.push_back(*std::move(subscription));
    EXPECT_TRUE(Await(connection_->Flush(Deadline::After(1s))));
  }
  void Reply(const bus::Message& to, const google::protobuf::Message& message,
             bus::Headers headers = {}) {
    (void)connection_->Publish(std::string(to.reply_subject()), headers,
                               message.SerializeAsString());
  }
  void ReplyError(const bus::Message& to, const std::string& code, const std::string& text,
                  const std::string& field = "") {
    bus::Headers headers = {{runtime::kHeaderError, text}, {runtime::kHeaderStatus, code}};
    if (!field.empty()) headers.emplace_back(runtime::kHeaderField, field);
    (void)connection_->Publish(std::string(to.reply_subject()), headers, "");
  }
  static v1::TurnRequest TurnOf(const bus::Message& message) {
    v1::TurnRequest turn;
    turn.ParseFromArray(message.payload().data(), static_cast<int>(message.payload().size()));
    return turn;
  }
  // A supervisor that answers at once.
  void ServeTurns() {
    Serve("mesh.turn.submit", [this](const bus::Message& message) {
      turns_.push_back(TurnOf(message));
      deadline_ms_ = std::string(message.Header(runtime::kHeaderDeadline));
      v1::TurnReply reply;
      reply.set_turn_id(turns_.back().turn_id());
      reply.set_conversation_id(turns_.back().conversation_id());
      reply.set_reply("hello");
      Reply(message, reply);
    });
  }
  void ServeHistory(const std::string& principal = "") {
    Serve("mesh.agent.critic-supervisor.history", [this, principal](const bus::Message& message) {
      v1::HistoryRequest request;
      request.ParseFromArray(message.payload().data(), static_cast<int>(message.payload().size()));
      if (request.conversation_id() != kConversation) return ReplyError(message, "NOT_FOUND", "no");
      v1::HistoryReply reply;
      reply.mutable_conversation()->set_id(kConversation);
      reply.mutable_conversation()->set_principal(principal);
      if (!request.state_only()) {
        reply.add_turns()->mutable_reply()->set_turn_id(request.after_sequence() == 0 ? "t-1"
                                                                                      : "t-2");
        if (request.after_sequence() == 0) reply.set_next_sequence(17);
      }
      Reply(message, reply);
    });
  }
  static CallContext Context(std::string key = "", std::chrono::milliseconds timeout = 3000ms) {
    CallMetadata metadata;
    if (!key.empty()) metadata.idempotency_key = key;
    return *MakeCallContext(metadata, timeout);
  }
  absl::StatusOr<v1::TurnReply> Invoke(CallContext context, std::string conversation_id = "",
                                       EventSink sink = nullptr) {
    v1::InvokeRequest request;
    request.set_text("hi");
    request.set_conversation_id(conversation_id);
    request.set_customer_id("c-1");
    return Await(operations_->Invoke(context, request, sink));
  }
  absl::StatusOr<v1::FeedbackReply> Feedback(CallContext context, std::string conversation_id,
                                             std::string turn_id, int rating = 5) {
    v1::FeedbackRequest request;
    request.set_conversation_id(conversation_id);
    request.set_turn_id(turn_id);
    request.set_rating(rating);
    return Await(operations_->SubmitFeedback(context, request));
  }
  absl::StatusOr<std::string> CallAgent(std::string agent, std::string verb, std::string json) {
    return Await(operations_->CallAgent(Context(), agent, verb, json));
  }
  void Introduce(const std::string& name, const std::string& verb) {
    directory_->Learn(R"({"name":")" + name +
                      R"(","id":"1","version":"0.1.0","endpoints":[{"subject":"mesh.agent.)" +
                      name + "." + verb + R"("}]})");
  }

  // Says `left` times that the request is worked on, then answers.
  void Work(const std::shared_ptr<Timer>& timer, std::string reply_subject, int left) {
    timer->expires_after(200ms);
    timer->async_wait([this, timer, reply_subject, left](boost::system::error_code) {
      bus::Headers headers;
      if (left > 0) headers.emplace_back(runtime::kHeaderStream, "working");
      (void)connection_->Publish(reply_subject, headers, "");
      if (left > 0) Work(timer, reply_subject, left - 1);
    });
  }

  static testing::NatsServer* nats_;
  asio::io_context io_{1};
  std::unique_ptr<bus::Connection> connection_;
  std::unique_ptr<AgentDirectory> directory_;
  std::unique_ptr<MeshOperations> operations_;
  std::vector<bus::Subscription> subscriptions_;
  std::vector<v1::TurnRequest> turns_;
  std::string deadline_ms_;
};
testing::NatsServer* MeshOperationsTest::nats_ = nullptr;

TEST_F(MeshOperationsTest, AFirstMessageOpensAConversation) {
  ServeTurns();
  const auto reply = Invoke(Context());
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->reply(), "hello");
  ASSERT_EQ(turns_.size(), 1u);
  EXPECT_TRUE(IsUuid(turns_[0].turn_id()));
  EXPECT_TRUE(turns_[0].opens_conversation());
  EXPECT_EQ(turns_[0].tenant(), "default");
  EXPECT_EQ(turns_[0].channel(), "api");
  EXPECT_EQ(turns_[0].customer().id(), "c-1");
  EXPECT_GT(std::stoi(deadline_ms_), 2000);
}

TEST_F(MeshOperationsTest, TheSameKeyIsTheSameTurnOfTheSameConversation) {
  ServeTurns();
  ASSERT_TRUE(Invoke(Context("k")).ok() && Invoke(Context("k")).ok());
  EXPECT_EQ(turns_[0].turn_id(), "k");
  EXPECT_TRUE(turns_[0].may_open_conversation());
  EXPECT_EQ(turns_[0].SerializeAsString(), turns_[1].SerializeAsString());
}

TEST_F(MeshOperationsTest, RefusesBeforeAnythingIsSent) {
  ServeTurns();
  EXPECT_EQ(FieldOf(Await(operations_->Invoke(Context(), {}, nullptr)).status()), "text");
  EXPECT_TRUE(absl::IsNotFound(Invoke(Context(), "not-a-uuid").status()));
  EXPECT_EQ(FieldOf(Feedback(Context(), kConversation, "", 6).status()), "rating");
  EXPECT_TRUE(turns_.empty());
}

TEST_F(MeshOperationsTest, WaitsASecondForASupervisorThenApologises) {
  const auto begin = Clock::now();
  const absl::Status status = Invoke(Context()).status();
  const auto waited = Clock::now() - begin;
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("sorry"));
  EXPECT_GT(RetryAfterSeconds(status), 0);
  EXPECT_GE(waited, 900ms);
  EXPECT_LT(waited, 2500ms);
}

TEST_F(MeshOperationsTest, FindsASupervisorThatComesBackInTime) {
  Timer timer(io_, 300ms);
  timer.async_wait([this](boost::system::error_code) {
    auto subscription = connection_->Subscribe(
        "mesh.turn.submit", "", [this](bus::Message message) { Reply(message, v1::TurnReply()); });
    subscriptions_.push_back(*std::move(subscription));
  });
  EXPECT_TRUE(Invoke(Context()).ok());
}

TEST_F(MeshOperationsTest, HandsATurnOnWhenTheOneWhoTookItStaysSilent) {
  Introduce("critic-supervisor", "submit");
  Serve("mesh.turn.submit", [this](const bus::Message& message) {
    turns_.push_back(TurnOf(message));
    if (turns_.size() == 2) Reply(message, v1::TurnReply());
  });
  EXPECT_TRUE(Invoke(Context()).ok());
  ASSERT_EQ(turns_.size(), 2u);
  EXPECT_EQ(turns_[0].turn_id(), turns_[1].turn_id());
}

TEST_F(MeshOperationsTest, GivesUpAtTheDeadline) {
  Serve("mesh.turn.submit",
        [this](const bus::Message& message) { turns_.push_back(TurnOf(message)); });
  const absl::Status status = Invoke(Context("", 700ms)).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status << " (there is no stream for an apology)";
  EXPECT_EQ(turns_.size(), 1u);
}

TEST_F(MeshOperationsTest, WhoSaysThatItWorksIsNotHurried) {
  Serve("mesh.turn.submit", [this](const bus::Message& message) {
    turns_.push_back(TurnOf(message));
    const auto shared = std::make_shared<Timer>(io_);
    Work(shared, std::string(message.reply_subject()), 8);
  });
  EXPECT_TRUE(Invoke(Context()).ok());
  EXPECT_EQ(turns_.size(), 1u);
}

TEST_F(MeshOperationsTest, TellsTheMeshWhenTheClientLeavesATurnForGood) {
  std::string request, cancelled;
  Serve("mesh.turn.submit",
        [&](const bus::Message& message) { request = std::string(message.reply_subject()); });
  Serve("mesh.cancel", [&](const bus::Message& message) {
    cancelled = std::string(message.Header("Mesh-Request"));
  });
  std::list<asio::cancellation_signal> clients;
  const auto leave_when_submitted = [&](CallContext context) {
    asio::cancellation_signal& leave = clients.emplace_back();
    request.clear();
    v1::InvokeRequest question;
    question.set_text("hi");
    asio::co_spawn(io_, operations_->Invoke(std::move(context), question, nullptr),
                   asio::bind_cancellation_slot(leave.slot(), [](std::exception_ptr, auto) {}));
    EXPECT_TRUE(testing::RunUntil(io_, [&] { return !request.empty(); }));
    leave.emit(asio::cancellation_type::all);
  };
  leave_when_submitted(Context());
  EXPECT_TRUE(testing::RunUntil(io_, [&] { return !cancelled.empty(); }));
  EXPECT_EQ(cancelled, request);
  // With a key the client may come back for the answer: the turn goes on.
  cancelled.clear();
  leave_when_submitted(Context("key"));
  EXPECT_FALSE(testing::RunUntil(
      io_, [&] { return !cancelled.empty(); }, 500ms));
}

TEST_F(MeshOperationsTest, StreamsEventsInOrderThenTheReply) {
  Serve("mesh.turn.submit", [this](const bus::Message& message) {
    EXPECT_TRUE(TurnOf(message).stream());
    for (uint32_t i = 0; i < 3; ++i) {
      v1::TurnEvent event;
      event.mutable_sentence()->set_index(i);
      Reply(message, event, {{runtime::kHeaderStream, "next"}});
    }
    Reply(message, v1::TurnReply());
  });
  std::vector<uint32_t> seen;
  EventSink sink = [&](const v1::TurnEvent& event) { seen.push_back(event.sentence().index()); };
  EXPECT_TRUE(Invoke(Context(), "", sink).ok());
  EXPECT_EQ(seen, (std::vector<uint32_t>{0, 1, 2}));
}

TEST_F(MeshOperationsTest, AStreamThatIsHandedOnBeginsAnewAndSaysSo) {
  Serve("mesh.turn.submit", [this](const bus::Message& message) {
    turns_.push_back(TurnOf(message));
    const bus::Headers part = {{runtime::kHeaderStream, "next"},
                               {runtime::kHeaderInstance, StrCat("s", turns_.size())}};
    v1::TurnEvent event;
    event.mutable_sentence()->set_text(turns_.size() == 1 ? "lost" : "found");
    Reply(message, event, part);
    v1::TurnReply reply;
    reply.set_reply("found");
    if (turns_.size() == 2) Reply(message, reply, {{runtime::kHeaderInstance, "s2"}});
  });
  std::vector<std::string> seen;
  EventSink sink = [&](const v1::TurnEvent& event) {
    seen.push_back(event.has_restart() ? "restart" : event.sentence().text());
  };
  EXPECT_TRUE(Invoke(Context(), "", sink).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"lost", "restart", "found"}));
}

TEST_F(MeshOperationsTest, AnErrorAfterTheFirstPartsIsTheEnd) {
  Serve("mesh.turn.submit", [this](const bus::Message& message) {
    turns_.push_back(TurnOf(message));
    v1::TurnEvent event;
    event.mutable_sentence()->set_text("begun");
    Reply(message, event, {{runtime::kHeaderStream, "next"}, {runtime::kHeaderInstance, "s1"}});
    ReplyError(message, "FAILED_PRECONDITION", "closed meanwhile");
  });
  EventSink sink = [](const v1::TurnEvent&) {};
  EXPECT_TRUE(absl::IsFailedPrecondition(Invoke(Context(), "", sink).status()));
  EXPECT_EQ(turns_.size(), 1u);
}

TEST_F(MeshOperationsTest, ShowsWhatStandsWhereSomethingElseWasShown) {
  Serve("mesh.turn.submit", [this](const bus::Message& message) {
    v1::TurnEvent event;
    event.mutable_sentence()->set_text("shown");
    Reply(message, event, {{runtime::kHeaderStream, "next"}});
    v1::TurnReply reply;
    reply.set_reply("stored");
    Reply(message, reply);
  });
  std::vector<std::string> seen;
  EventSink sink = [&](const v1::TurnEvent& event) {
    seen.push_back(event.has_restart() ? "restart" : event.sentence().text());
  };
  EXPECT_TRUE(Invoke(Context(), "", sink).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"shown", "restart", "stored"}));
}

TEST_F(MeshOperationsTest, PassesTheSupervisorsErrorsOn) {
  const struct {
    const char* sentence;
    const char* code;
    const char* field;
    unsigned status;
    const char* names;
  } cases[] = {
      {"an unknown conversation", "NOT_FOUND", "", 404, "conversation_id"},
      {"a key used for another request", "ALREADY_EXISTS", "Idempotency-Key", 422,
       "Idempotency-Key"},
      {"a race that was lost", "ABORTED", "", 409, ""},
      {"a closed conversation", "FAILED_PRECONDITION", "conversation_id", 409, "conversation_id"},
      {"too much at once", "RESOURCE_EXHAUSTED", "", 429, ""},
  };
  const char* code = nullptr;
  const char* field = nullptr;
  Serve("mesh.turn.submit",
        [&](const bus::Message& message) { ReplyError(message, code, "no", field); });
  for (const auto& test : cases) {
    SCOPED_TRACE(test.sentence);
    code = test.code;
    field = test.field;
    const absl::Status status = Invoke(Context(), kConversation).status();
    EXPECT_EQ(ToProblem(status, "").status(), test.status);
    EXPECT_EQ(FieldOf(status), test.names);
  }
}

TEST_F(MeshOperationsTest, TakesNoMoreTurnsThanItsBound) {
  Serve("mesh.turn.submit", [](const bus::Message&) {});
  v1::InvokeRequest request;
  request.set_text("hi");
  int ended = 0;
  for (int i = 0; i < 2; ++i) {
    asio::co_spawn(io_, operations_->Invoke(Context("", 400ms), request, nullptr),
                   [&](std::exception_ptr, absl::StatusOr<v1::TurnReply>) { ++ended; });
  }
  EXPECT_TRUE(absl::IsResourceExhausted(Invoke(Context()).status()));
  io_.restart();
  while (ended < 2) io_.run_one();
  subscriptions_.clear();
  ServeTurns();
  EXPECT_TRUE(Invoke(Context()).ok()) << "the places are free again";
}

TEST_F(MeshOperationsTest, ReadsAConversationPageByPage) {
  ServeHistory();
  v1::GetConversationRequest request;
  request.set_conversation_id(kConversation);
  const auto first = Await(operations_->GetConversation(Context(), request));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->turns(0).turn_id(), "t-1");
  EXPECT_EQ(first->next_page_token(), "17");
  request.set_page_token("17");
  EXPECT_EQ(Await(operations_->GetConversation(Context(), request))->turns(0).turn_id(), "t-2");
  request.set_conversation_id("0199f3a2-0000-7b62-9d0e-5a8f3f1c2b7d");
  EXPECT_EQ(FieldOf(Await(operations_->GetConversation(Context(), request)).status()),
            "conversation_id");
}

TEST_F(MeshOperationsTest, SomebodyElsesConversationDoesNotExist) {
  ServeHistory("shop");
  v1::GetConversationRequest request;
  request.set_conversation_id(kConversation);
  EXPECT_TRUE(absl::IsNotFound(Await(operations_->GetConversation(Context(), request)).status()));
  CallContext owner = Context();
  owner.principal = "shop";
  EXPECT_TRUE(Await(operations_->GetConversation(owner, request)).ok());
}

TEST_F(MeshOperationsTest, OpensAConversationOnceForAKey) {
  std::string opened;
  Serve("mesh.agent.critic-supervisor.open", [&](const bus::Message& message) {
    v1::OpenRequest request;
    request.ParseFromArray(message.payload().data(), static_cast<int>(message.payload().size()));
    if (opened == request.conversation_id())
      return ReplyError(message, "ALREADY_EXISTS", "it is there");
    opened = request.conversation_id();
    v1::Conversation conversation;
    conversation.set_id(opened);
    Reply(message, conversation);
  });
  Serve("mesh.agent.critic-supervisor.history", [&](const bus::Message& message) {
    v1::HistoryReply reply;
    reply.mutable_conversation()->set_id(opened);
    Reply(message, reply);
  });
  const auto first = Await(operations_->CreateConversation(Context("k"), {}));
  const auto second = Await(operations_->CreateConversation(Context("k"), {}));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->conversation_id(), second->conversation_id());
}

TEST_F(MeshOperationsTest, StoresFeedbackOnceForAKey) {
  ServeHistory();
  ASSERT_TRUE(Await(runtime::EnsureMeshStreams(*connection_, 1, Deadline::After(5s))).ok());
  const auto first = Feedback(Context("k"), kConversation, "t-2");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Feedback(Context("k"), kConversation, "t-2")->feedback_id(), first->feedback_id());
  const auto stored = Await(bus::DirectGetLast(
      *connection_, runtime::kEventsStream, "mesh.event.feedback.received", Deadline::After(2s)));
  ASSERT_TRUE(stored.ok()) << stored.status();
  v1::FeedbackReceived event;
  ASSERT_TRUE(
      event.ParseFromArray(stored->payload().data(), static_cast<int>(stored->payload().size())));
  EXPECT_EQ(event.turn_id(), "t-2");
  EXPECT_EQ(event.rating(), 5u);
  EXPECT_GT(event.received_at().seconds(), 0);

  EXPECT_EQ(FieldOf(Feedback(Context(), kConversation, "t-9").status()), "turn_id");
  EXPECT_EQ(FieldOf(Feedback(Context(), "0199f3a2-0000-7b62-9d0e-5a8f3f1c2b7d", "").status()),
            "conversation_id");
}

TEST_F(MeshOperationsTest, CallsAnAgentWithTheJsonAsItIs) {
  Serve("mesh.agent.escalation.assess", [this](const bus::Message& message) {
    EXPECT_EQ(message.Header(runtime::kHeaderContentType), runtime::kJson);
    const std::string reply = StrCat(R"({"asked":)", message.payload(), "}");
    (void)connection_->Publish(std::string(message.reply_subject()),
                               {{runtime::kHeaderStream, "next"}}, "{}");
    (void)connection_->Publish(std::string(message.reply_subject()), {}, reply);
  });
  EXPECT_EQ(*CallAgent("escalation", "assess", R"({"text": 1})"), R"({"asked":{"text": 1}})");
  EXPECT_EQ(*CallAgent("escalation", "assess", ""), R"({"asked":{}})");
}

TEST_F(MeshOperationsTest, SaysWhichNameIsWrongOrWhoIsAway) {
  Introduce("seventh", "ask");
  const struct {
    const char* sentence;
    const char* agent;
    const char* verb;
    const char* json;
    absl::StatusCode code;
    const char* field;
    const char* remedy;
  } cases[] = {
      {"nobody of that name", "nobody", "ask", "{}", absl::StatusCode::kNotFound, "agent",
       "critic-supervisor"},
      {"a name that would be another subject", "a.b", "ask", "{}", absl::StatusCode::kNotFound,
       "agent", "seventh"},
      {"a wildcard", "escalation", "*", "{}", absl::StatusCode::kUnavailable, "agent", ""},
      {"one of the six that is away", "escalation", "assess", "{}", absl::StatusCode::kUnavailable,
       "agent", ""},
      {"a verb that a present agent lacks", "seventh", "sing", "{}", absl::StatusCode::kNotFound,
       "verb", "ask"},
      {"no JSON", "seventh", "ask", "{", absl::StatusCode::kInvalidArgument, "body", "JSON"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.sentence);
    const absl::Status status = CallAgent(test.agent, test.verb, test.json).status();
    EXPECT_EQ(status.code(), test.code) << status;
    EXPECT_EQ(FieldOf(status), test.field);
    EXPECT_THAT(RemedyOf(status), HasSubstr(test.remedy));
  }
}

TEST_F(MeshOperationsTest, NamesTheFieldThatAnAgentCouldNotRead) {
  directory_->Learn(R"({"name":"escalation","id":"1","endpoints":[{"subject":
      "mesh.agent.escalation.assess","metadata":{"request":"switchboard.v1.AssessRequest"}}]})");
  Serve("mesh.agent.escalation.assess", [this](const bus::Message& message) {
    ReplyError(message, "INVALID_ARGUMENT", "the body cannot be read", "body");
  });
  EXPECT_EQ(FieldOf(CallAgent("escalation", "assess", R"({"text":5})").status()), "text");
  EXPECT_EQ(FieldOf(CallAgent("escalation", "assess", R"({"history":[{"blocked":1}]})").status()),
            "history[0].blocked");
  EXPECT_EQ(FieldOf(CallAgent("escalation", "assess", R"({"text":"fine to us"})").status()),
            "body");
}

TEST_F(MeshOperationsTest, HearsTheAgentsIntroduceThemselves) {
  ASSERT_TRUE(directory_->Start().ok());
  Serve("$SRV.INFO", [this](const bus::Message& message) {
    (void)connection_->Publish(
        std::string(message.reply_subject()), {},
        R"({"name":"escalation","id":"1","endpoints":[{"subject":"mesh.agent.escalation.assess"}]})");
    (void)connection_->Publish(std::string(message.reply_subject()), {}, "nonsense");
  });
  EXPECT_FALSE(directory_->Present("escalation"));
  asio::co_spawn(io_, directory_->Run(), asio::detached);
  io_.restart();
  io_.run_for(300ms);
  EXPECT_TRUE(directory_->Present("escalation"));
  EXPECT_TRUE(directory_->HasVerb("escalation", "assess"));
  EXPECT_FALSE(directory_->Present("analytics"));
  EXPECT_EQ(operations_->Agents().size(), 6u);
  directory_->Stop();
  io_.restart();
  io_.poll();
}

}  // namespace
}  // namespace switchboard::gateway
