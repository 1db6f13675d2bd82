// Finds what a message names: order numbers, e-mail addresses, telephone numbers, amounts, dates
// and product ids.
//
//   ASSIGN_OR_RETURN(const EntityFinder finder, EntityFinder::FromJson(entities_json));
//   finder.Find("order #10452, 189,00 € on 12 Nov")
//     // {order_number, "#10452", "10452"}, {amount, "189,00 €", "189.00 EUR"}, {date, "12 Nov",
//     "--11-12"}
//
// Values: digits of an order number; a lower-case address; "+" and digits of a telephone number, as
// far as they were given; "189.00 EUR"; an ISO 8601 date, with "--" for a year that was not said,
// day before month where both readings are possible; "JP-1001". Words such as "yesterday" are no
// dates here: only the company's calendar could say which.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace switchboard::intent_classifier {

struct FoundEntity {
  std::string_view type;  // order_number, email, telephone, amount, date or product
  std::string value;
  // Byte offsets [begin, end) in the message.
  uint32_t begin = 0;
  uint32_t end = 0;
};

class EntityFinder {
 public:
  // Months, currencies and the words around order numbers; entities.json is the documentation.
  // InvalidArgument names what is wrong.
  static absl::StatusOr<EntityFinder> FromJson(std::string_view json);

  EntityFinder(EntityFinder&&) noexcept;
  EntityFinder& operator=(EntityFinder&&) noexcept;
  ~EntityFinder();

  // In the order of the message, none overlapping, at most kEntitiesMax.
  std::vector<FoundEntity> Find(std::string_view message) const;

  static constexpr size_t kEntitiesMax = 32;

 private:
  struct Patterns;
  explicit EntityFinder(std::unique_ptr<Patterns> patterns);

  std::unique_ptr<Patterns> patterns_;
};

}  // namespace switchboard::intent_classifier
