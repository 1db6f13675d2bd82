#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "common/base/strings.h"
#include "services/knowledge-retrieval/records.h"

namespace switchboard::knowledge_retrieval {
namespace {

using nlohmann::json;
using FieldMap = std::map<std::string, std::string>;

// Deeper nesting than this is nothing a sentence can say.
constexpr int kDepthMax = 4;

// Numbers with a fraction are amounts: "189.00".
std::string Scalar(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return absl::StrFormat("%.2f", value.get<double>());
  return value.dump();
}

void AppendTo(FieldMap& fields, const std::string& key, const std::string& value) {
  std::string& field = fields[key];
  StrAppend(&field, field.empty() ? "" : "; ", value);
}

// "2 × Brook kettle"; an object without a name as its members.
std::string Item(const json& item) {
  const auto name = item.find("name");
  if (name == item.end() || !name->is_string()) {
    std::string text;
    for (const auto& [key, value] : item.items()) {
      if (value.is_primitive() && !value.is_null()) {
        StrAppend(&text, text.empty() ? "" : ", ", key, " ", Scalar(value));
      }
    }
    return text;
  }
  const auto quantity = item.find("quantity");
  if (quantity == item.end() || !quantity->is_number()) return name->get<std::string>();
  return StrCat(quantity->dump(), " × ", name->get<std::string>());
}

void Flatten(const std::string& key, const json& value, int depth, FieldMap& fields) {
  if (value.is_null() || depth > kDepthMax) return;
  if (value.is_object()) {
    for (const auto& [member, inner] : value.items()) {
      Flatten(key.empty() ? member : StrCat(key, "_", member), inner, depth + 1, fields);
    }
    return;
  }
  if (!value.is_array()) {
    fields[key] = Scalar(value);
    return;
  }
  for (const json& element : value) {
    if (element.is_object()) {
      AppendTo(fields, key, Item(element));
      const auto id = element.find("product_id");
      if (id != element.end() && id->is_string()) {
        AppendTo(fields, "product_ids", id->get<std::string>());
      }
    } else if (element.is_primitive() && !element.is_null()) {
      AppendTo(fields, key, Scalar(element));
    }
  }
}

}  // namespace

FieldMap FlattenRow(const std::string& text) {
  FieldMap fields;
  const json row = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!row.is_object()) return fields;
  Flatten("", row, 0, fields);
  // The id stands beside the fields, and the owner is the customer who reads them.
  fields.erase("id");
  fields.erase("customer_id");
  return fields;
}

}  // namespace switchboard::knowledge_retrieval
