#include "services/response-generator/records_text.h"

#include <algorithm>

#include "services/response-generator/strings.h"

namespace switchboard::response_generator {
namespace {

class OrderSpeaker {
 public:
  OrderSpeaker(const v1::Record& order, const Voice& voice) : order_(order), voice_(voice) {
    const Templates& in = voice.templates;
    values_ = {{"order", order.id()},
               {"status", Readable("status")},
               {"placed_on", in.Date(Field(order, "placed_on"))},
               {"shipped_on", in.Date(Field(order, "shipped_on"))},
               {"expected_on", in.Date(Field(order, "expected_on"))},
               {"delivered_on", in.Date(Field(order, "delivered_on"))},
               {"carrier", Field(order, "carrier")},
               {"tracking_number", Field(order, "tracking_number")},
               {"items", in.List(Field(order, "items"))},
               {"total", Money("total")},
               {"refund_status", in.Term(Readable("refund_status"))},
               {"refund_amount", Money("refund_amount")},
               {"refund_issued_on", in.Date(Field(order, "refund_issued_on"))}};
  }

  void Status() {
    const std::string& status = Field(order_, "status");
    if (status.empty()) return;
    const std::string key = StrCat("order.status.", status);
    const auto keys = TemplateKeys();
    const bool known = std::any_of(keys.begin(), keys.end(),
                                   [&](const TemplateKey& one) { return one.name == key; });
    Add(known ? key : "order.status.other", {"status"});
  }

  void Tracking() {
    if (!Field(order_, "tracking_number").empty()) {
      Add("order.tracking.number", {"tracking_number"});
    } else if (Field(order_, "status") == "processing") {
      Add("order.tracking.none", {"status"});
    }
  }

  void Refund() {
    const std::string& refund = Field(order_, "refund_status");
    if (refund == "issued" || refund == "pending") {
      Add(StrCat("order.refund.", refund), {"refund_status"});
    } else if (!refund.empty()) {
      Add("order.refund.other", {"refund_status"});
    } else if (Field(order_, "status") == "refunded") {
      Status();
    } else {
      Add("order.refund.none", {"status"});
    }
  }

  void Items() {
    if (!Field(order_, "items").empty()) Add("order.items", {"items"});
  }
  void Total() {
    if (!Field(order_, "total").empty()) Add("order.total", {"total", "currency"});
  }

  std::vector<RecordSentence> Take() { return std::move(out_); }

 private:
  std::string Readable(const std::string& key) const {
    std::string value = Field(order_, key);
    std::replace(value.begin(), value.end(), '_', ' ');
    return value;
  }

  std::string Money(const std::string& key) const {
    const std::string& amount = Field(order_, key);
    if (amount.empty()) return "";
    return voice_.templates.Amount(amount, Field(order_, "currency"));
  }

  void Add(std::string_view key, std::vector<std::string_view> always) {
    RecordSentence sentence;
    sentence.text = voice_.templates.Say(key, voice_.how, voice_.seed, values_);
    if (sentence.text.empty()) return;
    sentence.fields = std::move(always);
    // What else the chosen variant told.
    for (const auto& [name, value] : values_) {
      if (name == "order" || name == "status" || name == "refund_status" || value.empty() ||
          sentence.text.find(value) == std::string::npos) {
        continue;
      }
      if (std::find(sentence.fields.begin(), sentence.fields.end(), name) ==
          sentence.fields.end()) {
        sentence.fields.push_back(name);
      }
    }
    const bool repeats = std::any_of(out_.begin(), out_.end(), [&](const RecordSentence& one) {
      return one.text == sentence.text;
    });
    if (!repeats) out_.push_back(std::move(sentence));
  }

  const v1::Record& order_;
  const Voice& voice_;
  Values values_;
  std::vector<RecordSentence> out_;
};

bool IsTrue(std::string_view value) {
  return value == "true" || value == "1" || value == "yes" || value == "True";
}

}  // namespace

const std::string& Field(const v1::Record& record, const std::string& key) {
  static const std::string kNone;
  const auto found = record.fields().find(key);
  // Records are written by people and programs: "null" is no carrier.
  if (found == record.fields().end() || found->second == "null") return kNone;
  return found->second;
}

std::vector<RecordSentence> SayOrder(const v1::Record& order, uint8_t parts, const Voice& voice) {
  OrderSpeaker speaker(order, voice);
  if (parts & kOrderRefund) speaker.Refund();
  if (parts & kOrderStatus) speaker.Status();
  if (parts & kOrderTracking) speaker.Tracking();
  if (parts & kOrderItems) speaker.Items();
  if (parts & kOrderTotal) speaker.Total();
  return speaker.Take();
}

std::vector<RecordSentence> SayProduct(const v1::Record& product, uint16_t facets,
                                       const Voice& voice) {
  const std::string name = Field(product, "name").empty() ? product.id() : Field(product, "name");
  const Templates& in = voice.templates;
  std::vector<RecordSentence> out;
  const auto say = [&](std::string_view key, Values values, std::vector<std::string_view> fields) {
    values.emplace_back("product", name);
    std::string text = in.Say(key, voice.how, voice.seed, values);
    // A field may hold nothing to tell, such as a list of empty values.
    if (!text.empty()) out.push_back({std::move(text), std::move(fields)});
  };
  if ((facets & kPrice) && !Field(product, "price").empty()) {
    say("product.price",
        {{"price", in.Amount(Field(product, "price"), Field(product, "currency"))}},
        {"price", "currency"});
  }
  const std::string& in_stock = Field(product, "in_stock");
  const std::string& stock = Field(product, "stock");
  if ((facets & kStock) && !(in_stock.empty() && stock.empty())) {
    const bool yes = in_stock.empty() ? stock != "0" : IsTrue(in_stock);
    say(yes ? "product.stock.yes" : "product.stock.no", {},
        {in_stock.empty() ? "stock" : "in_stock"});
  }
  const std::string& warranty = Field(product, "warranty_months");
  if ((facets & kWarranty) && !warranty.empty()) {
    const std::string length = in.Months(warranty);
    say(length.empty() ? "product.warranty.none" : "product.warranty", {{"warranty", length}},
        {"warranty_months"});
  }
  if ((facets & kColour) && !Field(product, "colours").empty()) {
    say("product.colours", {{"colours", in.List(Field(product, "colours"))}}, {"colours"});
  }
  return out;
}

v1::Citation CiteRecord(const v1::Record& record, const std::vector<RecordSentence>& sentences,
                        const Voice& voice) {
  v1::Citation citation;
  citation.set_document_id(StrCat(record.kind(), ":", record.id()));
  citation.set_title(
      record.kind() == "order"
          ? voice.templates.Say("order.title", voice.how, voice.seed, {{"order", record.id()}})
          : (Field(record, "name").empty() ? record.id() : Field(record, "name")));
  std::vector<std::string_view> told;
  std::string quote;
  for (const RecordSentence& sentence : sentences) {
    for (const std::string_view field : sentence.fields) {
      if (std::find(told.begin(), told.end(), field) != told.end()) continue;
      told.push_back(field);
      const std::string& value = Field(record, std::string(field));
      if (value.empty()) continue;
      if (!quote.empty()) quote += "; ";
      quote += StrCat(field, ": ", value);
    }
  }
  citation.set_quote(std::move(quote));
  return citation;
}

}  // namespace switchboard::response_generator
