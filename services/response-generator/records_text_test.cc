#include "services/response-generator/records_text.h"

#include "services/response-generator/test_data.h"

namespace switchboard::response_generator {
namespace {

v1::Record Order(const std::map<std::string, std::string>& fields) {
  v1::Record record;
  record.set_kind("order");
  record.set_id("10452");
  record.set_access(v1::Record::GRANTED);
  for (const auto& [key, value] : fields) (*record.mutable_fields())[key] = value;
  return record;
}

std::string Said(const std::vector<RecordSentence>& sentences) {
  std::string out;
  for (const RecordSentence& sentence : sentences) out += sentence.text + " ";
  return out;
}

TEST(SayOrder, EveryStatusInEveryLanguageAndRegister) {
  const char* const kStatuses[] = {"processing", "shipped",  "out_for_delivery", "delivered",
                                   "cancelled",  "returned", "refunded",         "delayed"};
  for (const std::string_view language : TemplateBook::kLanguages) {
    std::set<std::string> different;
    for (const char* status : kStatuses) {
      for (const Register how : {Register::kFormal, Register::kInformal}) {
        const Voice voice{TestTemplates(std::string(language)), how, 7};
        const auto said = SayOrder(Order({{"status", status},
                                          {"carrier", "ParcelFox"},
                                          {"shipped_on", "2026-11-14"},
                                          {"expected_on", "2026-11-21"},
                                          {"delivered_on", "2026-11-20"},
                                          {"refund_amount", "73.10"},
                                          {"refund_issued_on", "2026-11-22"},
                                          {"currency", "EUR"}}),
                                   kOrderStatus, voice);
        ASSERT_EQ(said.size(), 1u) << language << " " << status;
        EXPECT_NE(said[0].text.find("10452"), std::string::npos) << said[0].text;
        EXPECT_EQ(said[0].text.find('{'), std::string::npos) << said[0].text;
        if (how == Register::kFormal) different.insert(said[0].text);
      }
    }
    EXPECT_EQ(different.size(), std::size(kStatuses)) << language;
  }
}

TEST(SayOrder, NothingIsSaidThatTheRecordLacks) {
  struct Case {
    const char* what;
    std::map<std::string, std::string> fields;
    uint8_t parts;
    std::string said;
  };
  const Case kCases[] = {
      {"no facts but the status",
       {{"status", "delivered"}},
       kOrderStatus,
       "Your order 10452 has been delivered. "},
      {"a null carrier is none",
       {{"status", "out_for_delivery"}, {"carrier", "null"}},
       kOrderStatus,
       "Your order 10452 is out for delivery today. "},
      {"an unknown status as it stands",
       {{"status", "awaiting_pickup"}},
       kOrderStatus,
       "The status of your order 10452 is \"awaiting pickup\". "},
      {"no status at all", {{"carrier", "ParcelFox"}}, kOrderStatus, ""},
      {"no total", {{"status", "shipped"}}, kOrderTotal | kOrderItems, ""},
  };
  const Voice voice{TestTemplates("en"), Register::kFormal, 0};
  for (const Case& c : kCases) {
    EXPECT_EQ(Said(SayOrder(Order(c.fields), c.parts, voice)), c.said) << c.what;
  }
}

TEST(SayOrder, Refunds) {
  const Voice voice{TestTemplates("fr"), Register::kFormal, 0};
  const auto issued = Said(SayOrder(Order({{"status", "refunded"},
                                           {"refund_status", "issued"},
                                           {"refund_amount", "73.10"},
                                           {"currency", "EUR"},
                                           {"refund_issued_on", "2026-10-22"}}),
                                    kOrderRefund, voice));
  EXPECT_NE(issued.find("73,10 €"), std::string::npos) << issued;
  EXPECT_NE(issued.find("22 octobre 2026"), std::string::npos) << issued;
  const auto pending = Said(
      SayOrder(Order({{"status", "returned"}, {"refund_status", "pending"}}), kOrderRefund, voice));
  EXPECT_NE(pending.find("en cours"), std::string::npos) << pending;
  const auto none = Said(SayOrder(Order({{"status", "shipped"}}), kOrderRefund, voice));
  EXPECT_NE(none.find("pas de remboursement"), std::string::npos) << none;
}

TEST(SayProduct, Facets) {
  v1::Record product;
  product.set_kind("product");
  product.set_id("JP-1001");
  product.set_access(v1::Record::GRANTED);
  auto& fields = *product.mutable_fields();
  fields["name"] = "Aurora espresso machine";
  fields["price"] = "189.00";
  fields["currency"] = "EUR";
  fields["in_stock"] = "false";
  fields["warranty_months"] = "24";
  fields["colours"] = "black; steel";
  struct Case {
    const char* language;
    uint16_t facet;
    const char* contains;
  };
  const Case kCases[] = {{"en", kPrice, "189.00 EUR"},    {"fr", kPrice, "189,00 €"},
                         {"en", kStock, "at the moment"}, {"es", kStock, "agotado"},
                         {"en", kWarranty, "24 months"},  {"es", kWarranty, "24 meses"},
                         {"fr", kColour, "noir et acier"}};
  for (const Case& c : kCases) {
    const Voice voice{TestTemplates(c.language), Register::kFormal, 3};
    const std::string said = Said(SayProduct(product, c.facet, voice));
    EXPECT_NE(said.find(c.contains), std::string::npos) << said;
    EXPECT_NE(said.find("Aurora espresso machine"), std::string::npos) << said;
  }
}

TEST(SayProduct, AListOfNothingIsNotTold) {
  v1::Record product;
  product.set_kind("product");
  product.set_id("JP-1001");
  (*product.mutable_fields())["colours"] = "; ";
  const Voice voice{TestTemplates("en"), Register::kFormal, 3};
  EXPECT_TRUE(SayProduct(product, kColour, voice).empty());
}

TEST(CiteRecord, QuotesTheFieldsThatWereTold) {
  const Voice voice{TestTemplates("en"), Register::kFormal, 0};
  const v1::Record order = Order({{"status", "delivered"},
                                  {"delivered_on", "2026-11-20"},
                                  {"carrier", "ParcelFox"},
                                  {"total", "189.00"}});
  const v1::Citation citation = CiteRecord(order, SayOrder(order, kOrderStatus, voice), voice);
  EXPECT_EQ(citation.document_id(), "order:10452");
  EXPECT_EQ(citation.title(), "Order 10452");
  EXPECT_NE(citation.quote().find("status: delivered"), std::string::npos);
  EXPECT_NE(citation.quote().find("delivered_on: 2026-11-20"), std::string::npos);
  EXPECT_EQ(citation.quote().find("total"), std::string::npos);
}

}  // namespace
}  // namespace switchboard::response_generator
