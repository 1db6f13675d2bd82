// Requests for the tests of whole answers, built step by step:
//
//   Ask("Where is my order 10452?").Intent("ORDER_STATUS").Order("shipped").Answer()
#pragma once

#include <string>

#include "services/response-generator/answerer.h"
#include "services/response-generator/strings.h"
#include "services/response-generator/test_data.h"

namespace switchboard::response_generator {

inline constexpr char kRefundText[] =
    "We issue your refund within 5 working days after your return arrives at our warehouse. Your "
    "bank then needs 3 to 7 days to show the refund on your account.";
inline constexpr char kReturnText[] =
    "To start a return, open \"My orders\" and select \"Return items\".\n\n1. Choose the items.\n"
    "2. Print the label.\n3. Hand in the parcel.";
inline constexpr char kCancelText[] =
    "You can cancel an order free of charge as long as its status is \"processing\". To cancel an "
    "order, open \"My orders\", choose the order and select \"Cancel order\".";
inline constexpr char kReturnFrench[] =
    "Vous pouvez retourner un article dans les 30 jours. L'article doit être neuf.";
inline constexpr char kSpanishDelivery[] = "El envío a España tarda de 4 a 6 días laborables.";
inline constexpr char kDamagedText[] =
    "If your item arrived damaged, please report it within 7 days of delivery. We replace it or "
    "refund it in full.";

// Builds a request step by step.
class Ask {
 public:
  explicit Ask(const std::string& text, const std::string& language = "en") {
    request_.set_text(text);
    request_.set_language(language);
    request_.set_attempt(1);
  }
  Ask& Intent(const std::string& name, double confidence = 0.9) {
    v1::Intent* intent = request_.add_intents();
    intent->set_name(name);
    intent->set_confidence(confidence);
    return *this;
  }
  Ask& Passage(const std::string& id, const std::string& section, const std::string& text,
               const std::string& language = "en") {
    v1::Passage* passage = request_.add_passages();
    passage->set_document_id(id);
    passage->set_title(section);
    passage->set_section(section);
    passage->set_text(text);
    passage->set_language(language);
    passage->set_score(1.0 / request_.passages_size());
    return *this;
  }
  Ask& Shop() {
    Passage("refund-times", "How long does a refund take?", kRefundText);
    Passage("start-a-return", "How do I start a return?", kReturnText);
    Passage("cancel-order", "How do I cancel my order?", kCancelText);
    Passage("return-policy.fr", "Combien de temps ai-je pour retourner un article ?", kReturnFrench,
            "fr");
    return Passage("delivery-times.es", "Plazos de entrega", kSpanishDelivery, "es");
  }
  Ask& Order(const std::string& status, v1::Record::Access access = v1::Record::GRANTED) {
    v1::Record* record = request_.add_records();
    record->set_kind("order");
    record->set_id("10452");
    record->set_access(access);
    if (access != v1::Record::GRANTED) return *this;
    auto& fields = *record->mutable_fields();
    fields["status"] = status;
    fields["placed_on"] = "2026-11-12";
    fields["items"] = "1 × Aurora espresso machine; 2 × Brook kettle";
    fields["total"] = "287.00";
    fields["currency"] = "EUR";
    if (status == "processing") return *this;
    fields["carrier"] = "ParcelFox";
    fields["tracking_number"] = "JP10452EU";
    fields["shipped_on"] = "2026-11-14";
    fields["expected_on"] = "2026-11-21";
    if (status == "delivered") fields["delivered_on"] = "2026-11-20";
    return *this;
  }
  Ask& Product() {
    v1::Record* record = request_.add_records();
    record->set_kind("product");
    record->set_id("JP-1001");
    record->set_access(v1::Record::GRANTED);
    auto& fields = *record->mutable_fields();
    fields["name"] = "Aurora espresso machine";
    fields["price"] = "189.00";
    fields["currency"] = "EUR";
    fields["in_stock"] = "true";
    fields["stock"] = "42";
    fields["warranty_months"] = "24";
    fields["description"] =
        "Espresso machine with 15 bar, a 1.5 l water tank and Bluetooth. Weighs 6.2 kg.";
    return *this;
  }
  Ask& History(const std::string& text, bool answered = true) {
    v1::Exchange* exchange = request_.add_history();
    exchange->set_text(text);
    exchange->set_answered(answered);
    return *this;
  }
  Ask& Escalated(const std::string& reason, const std::string& priority = "high") {
    v1::Escalation* escalation = request_.mutable_escalation();
    escalation->add_reasons(reason);
    escalation->set_priority(priority);
    escalation->set_ticket_id("T-4F2A");
    return *this;
  }
  Ask& Attempt(uint32_t attempt, const std::vector<std::string>& feedback) {
    request_.set_attempt(attempt);
    for (const std::string& one : feedback) request_.add_feedback(one);
    return *this;
  }
  v1::GenerateRequest& request() { return request_; }
  const v1::GenerateRequest& request() const { return request_; }

 private:
  v1::GenerateRequest request_;
};

v1::GenerateReply Answer(const Ask& ask) { return TestAnswerer().Answer(ask.request()); }

std::string Whole(const v1::GenerateReply& reply) {
  std::string out;
  for (const std::string& sentence : reply.sentences()) out += sentence + " ";
  return out;
}

// What holds for every answer.
inline void ExpectSound(const Ask& ask, const v1::GenerateReply& reply, const std::string& what) {
  EXPECT_GT(reply.sentences_size(), 0) << what;
  EXPECT_EQ(reply.usage().model(), "embedded") << what;
  for (const std::string& sentence : reply.sentences()) {
    EXPECT_FALSE(sentence.empty()) << what;
    EXPECT_EQ(sentence.find('{'), std::string::npos) << what << ": " << sentence;
  }
  for (const v1::Citation& citation : reply.citations()) {
    EXPECT_FALSE(citation.title().empty()) << what;
    bool verbatim = false;
    for (const v1::Passage& passage : ask.request().passages()) {
      verbatim |= passage.document_id() == citation.document_id() &&
                  passage.text().find(citation.quote()) != std::string::npos;
    }
    for (const v1::Record& record : ask.request().records()) {
      if (StrCat(record.kind(), ":", record.id()) != citation.document_id()) continue;
      verbatim = true;
    }
    EXPECT_TRUE(verbatim) << what << ": " << citation.ShortDebugString();
    EXPECT_FALSE(citation.quote().empty()) << what;
  }
}

}  // namespace switchboard::response_generator
