// What commands print, from what the mesh says.
#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/analytics.h"
#include "cli/answer.h"
#include "cli/conversation.h"
#include "cli/event_stream.h"
#include "cli/failure.h"
#include "cli/gateway_client.h"
#include "cli/kb/entries.h"
#include "cli/kb/search.h"
#include "cli/service_table.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/tickets.h"
#include "common/base/fault.h"

namespace switchboard::cli {
namespace {

using google::protobuf::util::TimeUtil;
using testing::HasSubstr;
using testing::Not;

struct Plain {
  std::ostringstream out, err;
  Terminal terminal{out, err};
};

TEST(Table, AlignsByCharactersNotBytes) {
  Table table({"name", "n"}, {Table::kLeft, Table::kRight});
  table.Add({"été", "5"});
  table.Add({"x", "1234"});
  EXPECT_EQ(table.Text(), "name     n\nété      5\nx     1234\n");
}

TEST(Table, ShowsNoControlCharacters) {
  Table table({"name"});
  table.Add({"a\x1b[31mb\nc"});
  EXPECT_EQ(table.Text(), "name\na?[31mb c\n");
}

TEST(Human, NumbersAreShort) {
  struct Case {
    const char* what;
    std::string got, expected;
  };
  const Case cases[] = {
      {"a small time", HumanMs(0.83), "0.83 ms"},   {"milliseconds", HumanMs(12.4), "12 ms"},
      {"seconds", HumanMs(3210), "3.2 s"},          {"minutes", HumanMs(600'000), "10 min"},
      {"hours", HumanMs(3.6e6 * 5), "5 h"},         {"days", HumanMs(86.4e6 * 3), "3 d"},
      {"a count", HumanCount(9999), "9999"},        {"thousands", HumanCount(12'345), "12.3 k"},
      {"millions", HumanCount(3'400'000), "3.4 M"},
  };
  for (const Case& c : cases) EXPECT_EQ(c.got, c.expected) << c.what;
}

v1::TurnReply Reply() {
  v1::TurnReply reply;
  reply.set_turn_id("t");
  reply.set_conversation_id("0192f0c1-0000-7000-8000-000000000001");
  reply.set_reply("Your order is on its way.");
  reply.set_language("en");
  reply.set_intent("ORDER_STATUS");
  reply.set_confidence(0.97);
  reply.set_answered(true);
  reply.set_duration_ms(12.3);
  auto* citation = reply.add_citations();
  citation->set_document_id("order:10452");
  citation->set_quote("status: shipped");
  auto* agent = reply.add_agents();
  agent->set_name("knowledge-retrieval");
  agent->set_duration_ms(1.25);
  agent->set_outcome("ok");
  return reply;
}

TEST(FormatAnswer, SaysWhatWhyAndHowLong) {
  Plain plain;
  const std::string text = FormatAnswer(Reply(), true, plain.terminal);
  for (const char* part :
       {"Your order is on its way.", "order:10452", "\"status: shipped\"", "ORDER_STATUS 0.97",
        "knowledge-retrieval", "1.2 ms", "conversation 0192f0c1-0000-7000-8000-000000000001"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << "no colours in a pipe";
  EXPECT_THAT(FormatAnswer(Reply(), false, plain.terminal), Not(HasSubstr("on its way")));
}

TEST(FormatAnswer, NamesWhatWentOtherwise) {
  Plain plain;
  v1::TurnReply reply = Reply();
  reply.set_escalated(true);
  reply.mutable_escalation()->add_reasons("legal");
  reply.mutable_escalation()->set_team("legal");
  reply.mutable_escalation()->set_ticket_id("T-1");
  reply.add_degraded("intent-classifier");
  reply.set_answered(false);
  const std::string text = FormatAnswer(reply, true, plain.terminal);
  EXPECT_THAT(text, HasSubstr("escalated to legal"));
  EXPECT_THAT(text, HasSubstr("switchboard ticket T-1"));
  EXPECT_THAT(text, HasSubstr("without intent-classifier"));
  EXPECT_THAT(text, HasSubstr("not answered"));
}

TEST(ParseTurnReply, TakesTheGatewaysJson) {
  const auto reply = ParseTurnReply(
      R"({"turn_id":"t","reply":"Hi","escalation":null,"conversation_status":"BOT","new_field":1,
          "agents":[{"name":"escalation","duration_ms":0.5,"outcome":"ok"}]})");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->reply(), "Hi");
  EXPECT_EQ(reply->agents(0).duration_ms(), 0.5);
  EXPECT_FALSE(ParseTurnReply("<html>").ok());
}

TEST(EventStream, ReadsEventsInWhateverPiecesTheyCome) {
  const std::string text =
      ": keep-alive\n\nid: 1\nevent: progress\ndata: {\"a\":1}\n\ndata: one\r\ndata: two\r\n\r\n"
      "event: nothing\n\nevent: final\ndata:x\n\n";
  for (size_t size = 1; size <= text.size(); ++size) {
    EventStream stream;
    std::vector<StreamEvent> events;
    for (size_t begin = 0; begin < text.size(); begin += size) {
      for (StreamEvent& event : stream.Feed(std::string_view(text).substr(begin, size))) {
        events.push_back(std::move(event));
      }
    }
    ASSERT_EQ(events.size(), 3u) << "pieces of " << size;
    EXPECT_EQ(events[0].event, "progress");
    EXPECT_EQ(events[0].data, "{\"a\":1}");
    EXPECT_EQ(events[1].event, "message");
    EXPECT_EQ(events[1].data, "one\ntwo");
    EXPECT_EQ(events[2].event, "final");
    EXPECT_EQ(events[2].data, "x");
  }
}

TEST(ParseGatewayUrl, TakesAddressesAndRefusesTheRest) {
  struct Case {
    const char* what;
    const char* url;
    const char* host;  // empty: refused
    const char* port;
    const char* path;
  };
  const Case cases[] = {
      {"host and port", "http://127.0.0.1:8080", "127.0.0.1", "8080", ""},
      {"no port", "http://gateway", "gateway", "80", ""},
      {"a path", "http://gateway:81/mesh/", "gateway", "81", "/mesh"},
      {"IPv6", "http://[::1]:8080", "::1", "8080", ""},
      {"no scheme", "127.0.0.1:8080", "", "", ""},
      {"another scheme", "https://gateway", "", "", ""},
      {"no host", "http://:80", "", "", ""},
      {"a port that is none", "http://gateway:http", "", "", ""},
      {"a port too high", "http://gateway:70000", "", "", ""},
      {"a password", "http://a:b@gateway", "", "", ""},
  };
  for (const Case& c : cases) {
    const auto url = ParseGatewayUrl(c.url);
    if (*c.host == 0) {
      EXPECT_EQ(ExitCode(url.status()), kExitUsage) << c.what;
      continue;
    }
    ASSERT_TRUE(url.ok()) << c.what << ": " << url.status();
    EXPECT_EQ(url->host, c.host) << c.what;
    EXPECT_EQ(url->port, c.port) << c.what;
    EXPECT_EQ(url->path, c.path) << c.what;
  }
}

TEST(ToStatus, TellsAProblemInOneLine) {
  const GatewayReply refused{
      .status = 400,
      .content_type = "application/problem+json",
      .body = R"({"title":"Invalid argument","status":400,"detail":"text is empty","field":"text",)"
              R"("remedy":"send between 1 and 4096 characters","trace_id":"abc"})"};
  EXPECT_EQ(Describe(ToStatus(refused)),
            "the gateway refused (400): Invalid argument: text is empty [field text]: send between "
            "1 and 4096 characters");
  EXPECT_EQ(Describe(ToStatus({.status = 502, .content_type = "", .body = "<html>"})),
            "the gateway refused (502)");
  EXPECT_TRUE(ToStatus({.status = 201, .content_type = "", .body = ""}).ok());
}

TEST(WithoutCredentials, KeepsOnlyTheServers) {
  EXPECT_EQ(WithoutCredentials("nats://u:p@a:1,tls://b:2,c:3"), "nats://a:1,tls://b:2,c:3");
}

TEST(Services, InfoAndStatsOfAnInstanceAreOneRow) {
  const std::vector<std::string> infos = {
      R"({"type":"io.nats.micro.v1.info_response","name":"escalation","id":"i1","version":"0.1.0",
          "description":"Decides."})",
      "not json", R"({"type":"io.nats.micro.v1.info_response"})"};
  const std::vector<std::string> stats = {
      R"({"type":"io.nats.micro.v1.stats_response","name":"escalation","id":"i1","version":"0.1.0",
          "started":"2026-11-20T08:00:00Z","endpoints":[{"name":"assess","subject":"s",
          "num_requests":30,"num_errors":1,"average_processing_time":2000000,
          "data":{"p50_ms":1.5,"p99_ms":9.0,"in_flight":2}}]})",
      R"({"type":"io.nats.micro.v1.stats_response","name":"escalation","id":"i2","version":"0.1.0",
          "started":"2026-11-20T09:00:00Z","endpoints":[{"name":"assess","num_requests":10,
          "num_errors":0,"average_processing_time":6000000}]})"};
  const auto instances = JoinServices(infos, stats);
  ASSERT_EQ(instances.size(), 2u);
  EXPECT_EQ(instances[0].description, "Decides.");
  const int64_t now = 1'795'165'200 + 3600;  // 2026-11-20T10:00:00Z
  const std::string table = FormatServices(instances, now);
  EXPECT_THAT(table, HasSubstr("agent       instances  version  requests  errors  average"));
  // (30 × 2 ms + 10 × 6 ms) / 40
  EXPECT_THAT(table,
              HasSubstr("escalation          2  0.1.0          40       1     3 ms  1.5 ms"));
  EXPECT_THAT(FormatInstances(instances, now), HasSubstr("i2"));
  EXPECT_EQ(ServicesJson(instances)[0]["verbs"][0]["requests"], 30);
}

TEST(Services, NumbersThatAreNoCountsCountAsNone) {
  const auto instances = JoinServices({}, {R"({"type":"stats","name":"a","id":"i","endpoints":[
      {"name":"v","num_requests":1e30,"num_errors":-1,"data":{"in_flight":2.5}}]})"});
  ASSERT_EQ(instances.size(), 1u);
  ASSERT_EQ(instances[0].verbs.size(), 1u);
  EXPECT_EQ(instances[0].verbs[0].requests, 0u);
  EXPECT_EQ(instances[0].verbs[0].errors, 0u);
  EXPECT_EQ(instances[0].in_flight, 0u);
}

TEST(Tickets, TheNewestComeFirst) {
  std::vector<v1::Ticket> tickets(3);
  for (int i = 0; i < 3; ++i) {
    tickets[i].set_id("T-" + std::to_string(i));
    tickets[i].mutable_opened_at()->set_seconds(1000 + i);
  }
  const std::string text = FormatTickets(tickets, 2);
  EXPECT_LT(text.find("T-2"), text.find("T-1"));
  EXPECT_THAT(text, Not(HasSubstr("T-0")));
  EXPECT_THAT(text, HasSubstr("and 1 older ones"));
  EXPECT_EQ(FormatTickets({}, 2), "no tickets\n");
}

TEST(Ticket, ShowsTheSummary) {
  v1::Ticket ticket;
  ticket.set_id("T-1");
  ticket.set_team("billing");
  ticket.set_summary("Charged twice.\nWants a refund.");
  EXPECT_THAT(FormatTicket(ticket), HasSubstr("Charged twice.\nWants a refund."));
  EXPECT_THAT(FormatTicket(ticket), HasSubstr("team    billing"));
}

TEST(Conversation, ShowsBothSides) {
  Plain plain;
  v1::ConversationView view;
  view.set_conversation_id("c1");
  view.set_status(v1::Conversation::BOT);
  auto* turn = view.add_turns();
  turn->set_text("Hello");
  turn->set_reply("Good day");
  turn->set_intent("GENERAL_INQUIRY");
  EXPECT_THAT(FormatHead(view, plain.terminal), HasSubstr("conversation c1\nbot, 0 turns"));
  EXPECT_THAT(FormatTurns(view, plain.terminal), HasSubstr("customer  Hello\nmesh      Good day"));
}

TEST(Summary, ListsRatesAndLatencies) {
  v1::SummaryReply summary;
  summary.set_turns(4);
  summary.set_automation_rate(0.75);
  summary.set_escalated(1);
  summary.set_escalation_rate(0.25);
  auto* latency = summary.add_latencies();
  latency->set_name("turn");
  latency->set_count(4);
  latency->set_p99_ms(12);
  auto* intent = summary.add_intents();
  intent->set_name("ORDER_STATUS");
  intent->set_count(3);
  const std::string text = FormatSummary(summary);
  EXPECT_THAT(text, HasSubstr("75.0 %"));
  EXPECT_THAT(text, HasSubstr("1  25.0 %"));
  EXPECT_THAT(text, HasSubstr("12 ms"));
  EXPECT_THAT(text, HasSubstr("ORDER_STATUS      3  75.0 %"));
}

TEST(Entries, AreListedByKindAndId) {
  v1::KnowledgeEntry document, order;
  document.mutable_document()->set_id("return-policy");
  document.mutable_document()->set_title("Return policy");
  order.mutable_row()->set_kind("order");
  order.mutable_row()->set_owner("C-1");
  order.mutable_row()->set_json(R"({"status":"shipped"})");
  const std::vector<bus::KeyValueEntry> entries = {
      {"order.10452", order.SerializeAsString(), 2},
      {"doc.return-policy", document.SerializeAsString(), 1},
      {"doc.broken", "\xff\xff", 3}};
  const std::string all = kb::FormatEntries(entries, "", false);
  EXPECT_THAT(all, HasSubstr("Return policy"));
  EXPECT_THAT(all, HasSubstr("(unreadable)"));
  EXPECT_THAT(all, HasSubstr("shipped"));
  EXPECT_THAT(all, HasSubstr("3 entries"));
  EXPECT_THAT(kb::FormatEntries(entries, "order", false), HasSubstr("1 entries"));
  EXPECT_THAT(kb::FormatEntries(entries, "order", true), HasSubstr(R"("owner":"C-1")"));
}

TEST(Search, ShowsPassagesAndRecords) {
  Plain plain;
  v1::SearchReply reply;
  auto* passage = reply.add_passages();
  passage->set_document_id("return-policy");
  passage->set_text("You can return\nany item.");
  auto* record = reply.add_records();
  record->set_kind("order");
  record->set_id("10452");
  record->set_access(v1::Record::GRANTED);
  (*record->mutable_fields())["status"] = "shipped";
  const std::string text = kb::FormatSearch(reply, plain.terminal);
  EXPECT_THAT(text, HasSubstr("You can return any item."));
  EXPECT_THAT(text, HasSubstr("order:10452  GRANTED\n   status: shipped"));
  EXPECT_THAT(kb::FormatSearch({}, plain.terminal), HasSubstr("nothing found"));
}

}  // namespace
}  // namespace switchboard::cli
