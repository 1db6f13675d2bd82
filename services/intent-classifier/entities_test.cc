#include "services/intent-classifier/entities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file.h"

namespace switchboard::intent_classifier {
namespace {

EntityFinder Load() {
  const auto json = ReadFile(SWITCHBOARD_DATA_DIR "/entities.json");
  EXPECT_TRUE(json.ok()) << json.status();
  auto finder = EntityFinder::FromJson(json.value_or(""));
  EXPECT_TRUE(finder.ok()) << finder.status();
  return *std::move(finder);
}

// "type:text=value" of each, joined with "; ".
std::string Show(const EntityFinder& finder, const std::string& message) {
  std::string shown;
  for (const FoundEntity& entity : finder.Find(message)) {
    if (!shown.empty()) shown += "; ";
    shown += std::string(entity.type) + ":" +
             message.substr(entity.begin, entity.end - entity.begin) + "=" + entity.value;
  }
  return shown;
}

TEST(Entities, AreFoundWithTheirPlaceAndNormalizedValue) {
  const EntityFinder finder = Load();
  struct Case {
    const char* what;
    const char* message;
    const char* expected;
  };
  const Case cases[] = {
      {"an order with a hash", "where is #10452?", "order_number:#10452=10452"},
      {"bare five digits", "status of 10452 please", "order_number:10452=10452"},
      {"at the end of a sentence", "It is 10452.", "order_number:10452=10452"},
      {"several", "orders 10452 and 10453, also #10460",
       "order_number:10452=10452; order_number:10453=10453; order_number:#10460=10460"},
      {"with a prefix", "ORD-10452 / ord 10453",
       "order_number:ORD-10452=10452; "
       "order_number:ord 10453=10453"},
      {"a longer one with context", "order number is 1045299", "order_number:1045299=1045299"},
      {"French context", "ma commande n° 10452", "order_number:10452=10452"},
      {"Spanish context", "mi pedido número 104521", "order_number:104521=104521"},
      {"German context", "Bestellung Nr. 10452", "order_number:10452=10452"},
      {"a tracking number", "JP10452EU shows nothing", "order_number:JP10452EU=10452"},
      {"a postcode is no order", "my postcode is 75011, zip code 90210",
       "order_number:75011=75011"},
      {"points are no order", "I have 12500 points", ""},
      {"a year is no order", "I placed an order 2025 and nothing came", ""},
      {"part of a longer number", "serial 123456 and 12.345", ""},
      {"a product", "is JP-1001 in stock? jp 1002, JP1003",
       "product:JP-1001=JP-1001; product:jp 1002=JP-1002; product:JP1003=JP-1003"},
      {"an e-mail", "write to Lea.Martin+x@Example.co.uk.",
       "email:Lea.Martin+x@Example.co.uk=lea.martin+x@example.co.uk"},
      {"no e-mail", "me@home, @shop", ""},
      {"an international number", "call +33 6 12 34 56 78 now",
       "telephone:+33 6 12 34 56 78=+33612345678"},
      {"with trunk zero", "+44 (0)20 7946 0123", "telephone:+44 (0)20 7946 0123=+4402079460123"},
      {"double zero", "0033612345678", "telephone:0033612345678=+33612345678"},
      {"a French number", "au 06 12 34 56 78", "telephone:06 12 34 56 78=0612345678"},
      {"a British number", "ring 020 7946 0123", "telephone:020 7946 0123=02079460123"},
      {"an American number", "(555) 010-1234 or 555-010-1234",
       "telephone:(555) 010-1234=5550101234; telephone:555-010-1234=5550101234"},
      {"a Spanish number", "al 612 345 678", "telephone:612 345 678=612345678"},
      {"a price with comma", "189,00 EUR", "amount:189,00 EUR=189.00 EUR"},
      {"a price with sign before", "I paid £24.5 and $1,299",
       "amount:£24.5=24.50 GBP; amount:$1,299=1299.00 USD"},
      {"a price with sign behind", "j'ai payé 1 249,90 €", "amount:1 249,90 €=1249.90 EUR"},
      {"a price in words", "15 euros, 20 pounds",
       "amount:15 euros=15.00 EUR; amount:20 pounds=20.00 GBP"},
      {"a five-digit amount is no order", "€10452", "amount:€10452=10452.00 EUR"},
      {"an amount and a full stop", "It cost €45. Why?", "amount:€45=45.00 EUR"},
      {"an ISO date", "since 2026-11-12", "date:2026-11-12=2026-11-12"},
      {"day before month", "on 12/11/2026", "date:12/11/2026=2026-11-12"},
      {"unless it cannot be", "on 11/25/2026", "date:11/25/2026=2026-11-25"},
      {"with dots", "am 3.11.26", "date:3.11.26=2026-11-03"},
      {"a day and a month", "since 12 Nov", "date:12 Nov=--11-12"},
      {"with ordinal and of", "the 2nd of May 2026", "date:2nd of May 2026=2026-05-02"},
      {"a month and a day", "Nov 12th, 2026 or March 3",
       "date:Nov 12th, 2026=2026-11-12; date:March 3=--03-03"},
      {"a French day", "commandé le 3 novembre", "date:3 novembre=--11-03"},
      {"the first of the month", "le 1er août 2026", "date:1er août 2026=2026-08-01"},
      {"a Spanish day", "el 3 de noviembre de 2026", "date:3 de noviembre de 2026=2026-11-03"},
      {"a German day", "am 3. März", "date:3. März=--03-03"},
      {"short digits", "bought 12/04", "date:12/04=--04-12"},
      {"short digits after a date word", "le 3/4", "date:3/4=--04-03"},
      {"round the clock is no date", "open 24/7, 1/2 price", ""},
      {"no such day", "on 2026-13-45 or 31 Feb", ""},
      {"relative words are none", "yesterday, tomorrow, last Tuesday", ""},
      {"offsets count bytes", "é 10452", "order_number:10452=10452"},
      {"web addresses hide what is in them", "https://shop.example/10452/JP-1001 hm", ""},
      {"all together",
       "Order 10452 (JP-1001, 189,00 €) of 12/11/2026, a.b@example.com, +33612345678",
       "order_number:10452=10452; product:JP-1001=JP-1001; amount:189,00 €=189.00 EUR; "
       "date:12/11/2026=2026-11-12; email:a.b@example.com=a.b@example.com; "
       "telephone:+33612345678=+33612345678"},
      {"nothing", "where is my parcel?", ""},
      {"an empty message", "", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(Show(finder, c.message), c.expected) << c.what;
}

TEST(Entities, AreBounded) {
  const EntityFinder finder = Load();
  std::string message;
  for (int i = 0; i < 400; ++i) message += "#10452 ";
  EXPECT_EQ(finder.Find(message).size(), EntityFinder::kEntitiesMax);
}

TEST(Entities, RefuseListsThatAreNotWhatTheyShouldBe) {
  for (const char* json : {"", "{}", R"({"months": {"june": "six"}})"}) {
    EXPECT_FALSE(EntityFinder::FromJson(json).ok()) << json;
  }
}

}  // namespace
}  // namespace switchboard::intent_classifier
