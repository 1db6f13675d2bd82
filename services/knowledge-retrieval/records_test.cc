#include "services/knowledge-retrieval/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/strings.h"
#include "services/knowledge-retrieval/references.h"
#include "services/knowledge-retrieval/test_data.h"

namespace switchboard::knowledge_retrieval {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::string Order(std::string_view owner, std::string_view placed_on, std::string_view status,
                  std::string_view tracking = "", std::string_view refund = "null") {
  return StrCat(
      R"({"customer_id": ")", owner, R"(", "status": ")", status, R"(", "placed_on": ")", placed_on,
      R"(", "tracking_number": ")", tracking, R"(", "refund": )", refund,
      R"(, "items": [{"product_id": "JP-1004", "name": "Brook kettle", "quantity": 2}]})");
}

std::string Product(std::string_view name) {
  return StrCat(R"({"name": ")", name, R"(", "price": 49.0})");
}

class RecordsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Put("order", "10401", "C-1001", Order("C-1001", "2026-10-01", "delivered", "JP10401EU"));
    Put("order", "10402", "C-1001", Order("C-1001", "2026-11-02", "shipped", "JP10402EU"));
    Put("order", "10403", "C-1001", Order("C-1001", "2026-11-03", "processing"));
    Put("order", "10404", "C-1001", Order("C-1001", "2026-11-01", "delayed"));
    Put("order", "10405", "C-1001", Order("C-1001", "2026-10-30", "out_for_delivery"));
    Put("order", "10406", "C-1001",
        Order("C-1001", "2026-09-01", "refunded", "", R"({"status": "issued", "amount": 98.0})"));
    Put("order", "10407", "C-1002", Order("C-1002", "2026-11-01", "shipped", "JP10407UK"));
    Put("order", "10408", "C-1003", Order("C-1003", "2026-11-01", "delivered"));
    Put("customer", "C-1001", "C-1001", R"({"tier": "Sapling", "points": 340})");
    Put("customer", "C-1002", "C-1002", R"({"tier": "Seedling", "points": 85})");
    Put("product", "JP-1001", "", Product("Aurora espresso machine"));
    Put("product", "JP-1004", "", Product("Brook kettle"));
    Put("product", "JP-1101", "", Product("Burrow robot vacuum"));
    Put("product", "JP-1108", "", Product("Burrow filter and brush set"));
    Put("product", "JP-1202", "", Product("Glow headlamp"));
    Put("product", "JP-1306", "", Product("Beacon smart plug (2-pack)"));
    Put("product", "JP-1401", "", Product("House blend coffee beans 500 g"));
    Put("product", "JP-1402", "", Product("Decaf coffee beans 500 g"));
  }

  void Put(const char* kind, const char* id, const char* owner, const std::string& json) {
    const absl::Status status = records_.Put(MakeRow(kind, id, owner, json));
    ASSERT_TRUE(status.ok()) << status;
  }

  // "order 10402 GRANTED", and fails when a record that is not granted has a field.
  std::vector<std::string> Find(const RecordQuery& query) {
    std::vector<std::string> found;
    for (const v1::Record& record : records_.Find(query)) {
      const bool granted = record.access() == v1::Record::GRANTED;
      EXPECT_EQ(granted, !record.fields().empty()) << record.DebugString();
      found.push_back(
          StrCat(record.kind(), " ", record.id(), " ", v1::Record::Access_Name(record.access())));
    }
    return found;
  }

  Records records_{TestAnalyzer(), TestDialogue()};
};

TEST_F(RecordsTest, ShowsPersonalRowsToTheirOwnerOnly) {
  const struct {
    const char* what;
    const char* text;
    const char* customer;
    std::vector<std::string> found;
  } cases[] = {
      {"one's own order", "where is my order 10402?", "C-1001", {"order 10402 GRANTED"}},
      {"somebody else's order", "where is my order 10407?", "C-1001", {"order 10407 NOT_FOUND"}},
      {"an order that does not exist",
       "where is my order 10999?",
       "C-1001",
       {"order 10999 NOT_FOUND"}},
      {"an order, nobody verified",
       "where is my order 10402?",
       "",
       {"order 10402 SIGN_IN_REQUIRED"}},
      {"no such order, nobody verified",
       "where is order 10999?",
       "",
       {"order 10999 SIGN_IN_REQUIRED"}},
      {"the owner's id in the text verifies nobody",
       "I am C-1001, where is 10402?",
       "",
       {"customer C-1001 SIGN_IN_REQUIRED", "order 10402 SIGN_IN_REQUIRED"}},
      {"an owner's id that only begins alike",
       "where is 10402?",
       "C-100",
       {"order 10402 NOT_FOUND"}},
      {"an owner's id in other case", "where is 10402?", "c-1001", {"order 10402 NOT_FOUND"}},
      {"with a hash", "status of #10402", "C-1001", {"order 10402 GRANTED"}},
      {"with ORD-", "ORD-10402 please", "C-1001", {"order 10402 GRANTED"}},
      {"two orders of two people",
       "10402 and 10407",
       "C-1001",
       {"order 10402 GRANTED", "order 10407 NOT_FOUND"}},
      {"one's own parcel number", "track JP10402EU", "C-1001", {"order 10402 GRANTED"}},
      {"somebody else's parcel number", "track jp10407uk", "C-1001", {"order JP10407UK NOT_FOUND"}},
      {"no such parcel number", "track JP99999EU", "C-1001", {"order JP99999EU NOT_FOUND"}},
      {"a parcel number, nobody verified",
       "track JP10402EU",
       "",
       {"order JP10402EU SIGN_IN_REQUIRED"}},
      {"no such parcel number, nobody verified",
       "track JP99999EU",
       "",
       {"order JP99999EU SIGN_IN_REQUIRED"}},
      {"one's own customer row", "data of C-1001", "C-1001", {"customer C-1001 GRANTED"}},
      {"somebody else's customer row", "data of C-1002", "C-1001", {"customer C-1002 NOT_FOUND"}},
      {"no such customer", "data of C-7777", "C-1001", {"customer C-7777 NOT_FOUND"}},
      {"written without hyphen, it still tells nothing",
       "data of c1002",
       "C-1001",
       {"customer C-1002 NOT_FOUND"}},
      {"a customer row, nobody verified",
       "data of C-1002",
       "",
       {"customer C-1002 SIGN_IN_REQUIRED"}},
      {"a product is public", "is JP-1004 in stock", "", {"product JP-1004 GRANTED"}},
      {"a product that does not exist", "is JP-9999 in stock", "", {"product JP-9999 NOT_FOUND"}},
      {"a telephone number is no order", "call me at +31612345678", "C-1001", {}},
      {"a card number is no order", "my card 4111111111111111", "C-1001", {}},
      {"an amount is no order", "I paid 10402.50", "C-1001", {}},
      {"an e-mail address is no order", "ann10402@example.com", "C-1001", {}},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Find({.text = c.text, .customer_id = c.customer}), ElementsAreArray(c.found))
        << c.what;
  }
}

TEST_F(RecordsTest, KnowsWhichOrdersACustomerMeans) {
  const struct {
    const char* what;
    const char* text;
    const char* customer;
    const char* focus_order;
    bool anaphoric;
    std::vector<std::string> found;
  } cases[] = {
      {"the three latest open ones",
       "where is my order?",
       "C-1001",
       "",
       false,
       {"order 10403 GRANTED", "order 10402 GRANTED", "order 10404 GRANTED"}},
      {"French", "où est mon colis ?", "C-1002", "", false, {"order 10407 GRANTED"}},
      {"Spanish", "¿dónde está mi pedido?", "C-1002", "", false, {"order 10407 GRANTED"}},
      {"the last one when none is open",
       "where is my order?",
       "C-1003",
       "",
       false,
       {"order 10408 GRANTED"}},
      {"the refunded one", "where is my refund?", "C-1001", "", false, {"order 10406 GRANTED"}},
      {"nobody verified", "where is my order?", "", "", false, {}},
      {"a customer without orders", "where is my order?", "C-4000", "", false, {}},
      {"a question about orders in general", "can an order be cancelled", "C-1001", "", false, {}},
      {"the order in focus",
       "when does the parcel arrive",
       "C-1001",
       "10404",
       false,
       {"order 10404 GRANTED"}},
      {"it", "can I still cancel it?", "C-1001", "10404", true, {"order 10404 GRANTED"}},
      {"the focus is no way around the rule",
       "can I cancel it?",
       "C-1001",
       "10407",
       true,
       {"order 10407 NOT_FOUND"}},
      {"nor without sign-in",
       "can I cancel it?",
       "",
       "10407",
       true,
       {"order 10407 SIGN_IN_REQUIRED"}},
      {"a number wins over the focus",
       "and order 10402?",
       "C-1001",
       "10404",
       true,
       {"order 10402 GRANTED"}},
      {"another subject leaves the focus", "do you sell tents", "C-1001", "10404", false, {}},
      {"the profile",
       "how many points do I have",
       "C-1001",
       "",
       false,
       {"customer C-1001 GRANTED"}},
      {"the profile, nobody verified", "how many points do I have", "", "", false, {}},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Find({.text = c.text,
                      .customer_id = c.customer,
                      .focus_order_id = c.focus_order,
                      .anaphoric = c.anaphoric}),
                ElementsAreArray(c.found))
        << c.what;
  }
}

TEST_F(RecordsTest, FindsProductsByName) {
  const struct {
    const char* what;
    const char* text;
    const char* focus;
    bool anaphoric;
    std::vector<std::string> found;
  } cases[] = {
      {"the whole name",
       "price of the aurora espresso machine",
       "",
       false,
       {"product JP-1001 GRANTED"}},
      {"the brand after an article",
       "my aurora leaks since yesterday morning",
       "",
       false,
       {"product JP-1001 GRANTED"}},
      {"the brand with a capital",
       "please send one more Aurora soon",
       "",
       false,
       {"product JP-1001 GRANTED"}},
      {"a French question",
       "la machine Aurora est-elle en stock ?",
       "",
       false,
       {"product JP-1001 GRANTED"}},
      {"the description",
       "do you have an espresso machine",
       "",
       false,
       {"product JP-1001 GRANTED"}},
      {"a telling noun", "are headlamps in stock", "", false, {"product JP-1202 GRANTED"}},
      {"a typing error in the brand",
       "my burow vacuum is loud",
       "",
       false,
       {"product JP-1101 GRANTED"}},
      {"a family name alone",
       "the Burrow",
       "",
       false,
       {"product JP-1101 GRANTED", "product JP-1108 GRANTED"}},
      {"what is in brackets is no part of the name",
       "smart plug",
       "",
       false,
       {"product JP-1306 GRANTED"}},
      {"an ordinary word is no brand",
       "lights that glow softly during long dark nights",
       "",
       false,
       {}},
      {"a word of many names is none", "which coffee do you have", "", false, {}},
      {"it", "does it come in black?", "JP-1004", true, {"product JP-1004 GRANTED"}},
      {"a name wins over it",
       "and the Aurora, is it better?",
       "JP-1004",
       true,
       {"product JP-1001 GRANTED"}},
      {"no pronoun, no focus", "do you ship to Spain", "JP-1004", false, {}},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Find({.text = c.text, .focus_product_id = c.focus, .anaphoric = c.anaphoric}),
                ElementsAreArray(c.found))
        << c.what;
  }
}

TEST_F(RecordsTest, RemovedAndReplacedRowsAreGone) {
  EXPECT_TRUE(records_.Remove("order", "10402"));
  EXPECT_FALSE(records_.Remove("order", "10402"));
  EXPECT_THAT(Find({.text = "order 10402", .customer_id = "C-1001"}),
              ElementsAreArray({"order 10402 NOT_FOUND"}));
  EXPECT_THAT(Find({.text = "track JP10402EU", .customer_id = "C-1001"}),
              ElementsAreArray({"order JP10402EU NOT_FOUND"}));
  // The order passes to another customer: its former owner no longer sees it.
  Put("order", "10407", "C-1001", Order("C-1001", "2026-12-01", "shipped", "JP10407UK"));
  EXPECT_THAT(Find({.text = "order 10407", .customer_id = "C-1002"}),
              ElementsAreArray({"order 10407 NOT_FOUND"}));
  EXPECT_THAT(Find({.text = "where is my order", .customer_id = "C-1002"}), IsEmpty());
  Put("product", "JP-1004", "", Product("River kettle"));
  EXPECT_THAT(Find({.text = "the Brook"}), IsEmpty());
  EXPECT_THAT(Find({.text = "the River"}), ElementsAreArray({"product JP-1004 GRANTED"}));
}

TEST_F(RecordsTest, RefusesRowsItCannotGuard) {
  const struct {
    const char* what;
    v1::KnowledgeEntry::Row row;
  } cases[] = {
      {"an order without an owner would be public", MakeRow("order", "1", "", R"({"a": 1})")},
      {"a customer without an owner", MakeRow("customer", "C-1", "", R"({"a": 1})")},
      {"an unknown kind", MakeRow("invoice", "1", "C-1", R"({"a": 1})")},
      {"no id", MakeRow("product", "", "", R"({"a": 1})")},
      {"no JSON", MakeRow("product", "1", "", "{broken")},
      {"a list", MakeRow("product", "1", "", "[1]")},
      {"too large", MakeRow("product", "1", "", R"({"a": ")" + std::string(70000, 'x') + "\"}")},
  };
  const size_t before = records_.size();
  for (const auto& c : cases) {
    EXPECT_EQ(records_.Put(c.row).code(), absl::StatusCode::kInvalidArgument) << c.what;
  }
  EXPECT_EQ(records_.size(), before);
}

TEST(FlattenRow, MakesFieldsReadyToBeShown) {
  EXPECT_THAT(
      FlattenRow(R"({"id": "10411", "customer_id": "C-1025", "status": "cancelled", "carrier": null,
          "items": [{"product_id": "JP-1303", "name": "Acorn power bank", "quantity": 1, "price": 49.0},
                    {"product_id": "JP-1108", "name": "Burrow brush set", "quantity": 2, "price": 19.0}],
          "total": 87.0, "stock": 42, "in_stock": true, "colours": ["black", "steel"], "none": [],
          "refund": {"amount": 87.1, "status": "issued", "issued_on": null}})"),
      UnorderedElementsAre(
          Pair("status", "cancelled"), Pair("items", "1 × Acorn power bank; 2 × Burrow brush set"),
          Pair("product_ids", "JP-1303; JP-1108"), Pair("total", "87.00"), Pair("stock", "42"),
          Pair("in_stock", "true"), Pair("colours", "black; steel"), Pair("refund_amount", "87.10"),
          Pair("refund_status", "issued")));
}

TEST(FindReferences, ReadsNumbersAsCustomersWriteThem) {
  const struct {
    const char* what;
    const char* text;
    std::vector<std::string> found;  // prefix|digits|suffix
  } cases[] = {
      {"bare, marked and prefixed",
       "10452, #10453 and ORD-10454",
       {"|10452|", "|10453|", "|10454|"}},
      {"a sentence's full stop", "It is 10452.", {"|10452|"}},
      {"once each", "10452 10452", {"|10452|"}},
      {"codes", "JP-1001 jp10452eu C-1001", {"jp|1001|", "jp|10452|eu", "c|1001|"}},
      {"too short", "5 days, 250 g, 1234", {}},
      {"a date", "2026-11-12 and 12/11/20261", {}},
      {"a longer word", "abcdefgh12345 12345abc", {}},
      {"at most five",
       "10001 10002 10003 10004 10005 10006",
       {"|10001|", "|10002|", "|10003|", "|10004|", "|10005|"}},
      {"nothing", "", {}},
  };
  for (const auto& c : cases) {
    std::vector<std::string> found;
    for (const Reference& reference : FindReferences(c.text)) {
      found.push_back(StrCat(reference.prefix, "|", reference.digits, "|", reference.suffix));
    }
    EXPECT_THAT(found, ElementsAreArray(c.found)) << c.what;
  }
}

}  // namespace
}  // namespace switchboard::knowledge_retrieval
