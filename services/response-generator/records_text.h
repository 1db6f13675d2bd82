// An order or a product said in sentences, from its fields and nothing else.
//
// Every sentence comes with the fields it used, for the citation's quote:
//   "Your order 10452 was delivered on 21 November 2026." ← status, delivered_on
//
// A field that is missing or empty is not mentioned. Pure; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/response-generator/templates.h"
#include "switchboard/v1/conversation.pb.h"

namespace switchboard::response_generator {

struct RecordSentence {
  std::string text;
  // Keys of the record's fields that the sentence tells.
  std::vector<std::string_view> fields;
};

// What is asked of an order; bits.
enum OrderPart : uint8_t {
  kOrderStatus = 1,
  kOrderTracking = 2,
  kOrderRefund = 4,
  kOrderItems = 8,
  kOrderTotal = 16,
};

struct Voice {
  const Templates& templates;
  Register how;
  uint64_t seed;
};

// Of a granted order; `parts` are bits of OrderPart.
std::vector<RecordSentence> SayOrder(const v1::Record& order, uint8_t parts, const Voice& voice);

// Of a granted product; `facets` are bits of Facet: kPrice, kStock, kWarranty, kColour.
std::vector<RecordSentence> SayProduct(const v1::Record& product, uint16_t facets,
                                       const Voice& voice);

// "order:10452" with the fields that `sentences` told: "status: shipped; expected_on: 2026-11-21".
v1::Citation CiteRecord(const v1::Record& record, const std::vector<RecordSentence>& sentences,
                        const Voice& voice);

// The field's value; empty when the record does not have it.
const std::string& Field(const v1::Record& record, const std::string& key);

}  // namespace switchboard::response_generator
