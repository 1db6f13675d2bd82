// What can be said, and with which facts. The JSON files are checked against this table, so a key
// that the code uses and a translation lacks is found at start and not in front of a customer.
#include "services/response-generator/templates.h"

namespace switchboard::response_generator {
namespace {

constexpr TemplateKey kTemplateKeys[] = {
    {"smalltalk.greeting", "", ""},
    {"smalltalk.thanks", "", ""},
    {"smalltalk.goodbye", "", ""},
    {"smalltalk.identity", "", ""},
    {"smalltalk.capability", "", ""},

    {"opener.greeting", "", ""},
    {"opener.answer", "", ""},
    {"opener.apology", "", ""},
    {"opener.other_language", "source_language", ""},

    {"closing.complaint", "", ""},
    {"unknown.first", "", ""},
    {"unknown.again", "", ""},
    {"unknown.part", "", ""},
    {"out_of_scope", "", ""},
    {"safe", "", ""},
    {"feedback.received", "", ""},

    {"handover.opening.default", "", ""},
    {"handover.opening.human_requested", "", ""},
    {"handover.opening.repeated_failure", "", ""},
    {"handover.opening.anger", "", ""},
    {"handover.opening.legal", "", ""},
    {"handover.opening.safety", "", ""},
    {"handover.opening.bereavement", "", ""},
    {"handover.opening.fraud", "", ""},
    {"handover.opening.business_critical", "", ""},
    {"handover.opening.self_harm", "", ""},
    {"handover.priority.low", "", ""},
    {"handover.priority.normal", "", ""},
    {"handover.priority.high", "", ""},
    {"handover.priority.urgent", "", ""},
    {"handover.reference", "ticket", ""},

    {"order.title", "order", ""},
    {"order.sign_in", "", ""},
    {"order.not_found", "order", ""},
    {"order.status.processing", "order", "placed_on expected_on"},
    {"order.status.shipped", "order", "shipped_on carrier expected_on"},
    {"order.status.out_for_delivery", "order", "carrier"},
    {"order.status.delivered", "order", "delivered_on carrier"},
    {"order.status.delayed", "order", "expected_on carrier"},
    {"order.status.cancelled", "order", ""},
    {"order.status.returned", "order", ""},
    {"order.status.refunded", "order", "refund_amount refund_issued_on"},
    {"order.status.other", "order status", ""},
    {"order.tracking.number", "order tracking_number", "carrier"},
    {"order.tracking.none", "order", ""},
    {"order.items", "order items", ""},
    {"order.total", "order total", ""},
    {"order.refund.issued", "order", "refund_amount refund_issued_on"},
    {"order.refund.pending", "order", "refund_amount"},
    {"order.refund.other", "order refund_status", ""},
    {"order.refund.none", "order", ""},

    {"product.not_found", "", ""},
    {"product.price", "product price", ""},
    {"product.stock.yes", "product", ""},
    {"product.stock.no", "product", ""},
    {"product.warranty", "product warranty", ""},
    {"product.warranty.none", "product", ""},
    {"product.colours", "product colours", ""},
};

}  // namespace

std::span<const TemplateKey> TemplateKeys() { return kTemplateKeys; }

}  // namespace switchboard::response_generator
