#include "common/runtime/validate.h"

#include <google/protobuf/descriptor.h>
#include <re2/re2.h>

#include <memory>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "switchboard/v1/annotations.pb.h"

namespace switchboard::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What there is to check in a message type, worked out once a type.
struct FieldPlan {
  const FieldDescriptor* field;
  const v1::FieldRules* rules;  // null: only descend
  std::unique_ptr<RE2> pattern;
};
using Plan = std::vector<FieldPlan>;

bool HasRulesBelow(const Descriptor* type, int depth) {
  if (depth > 8) return false;  // the contract does not nest deeper with rules
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->options().HasExtension(v1::rules)) return true;
    if (field->message_type() != nullptr && HasRulesBelow(field->message_type(), depth + 1)) {
      return true;
    }
  }
  return false;
}

const Plan& PlanFor(const Descriptor* type) {
  static std::mutex mutex;
  static auto* plans = new absl::flat_hash_map<const Descriptor*, std::unique_ptr<Plan>>;
  const std::lock_guard lock(mutex);
  std::unique_ptr<Plan>& plan = (*plans)[type];
  if (plan != nullptr) return *plan;
  plan = std::make_unique<Plan>();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool ruled = field->options().HasExtension(v1::rules);
    const bool nested = field->message_type() != nullptr && HasRulesBelow(field->message_type(), 0);
    if (!ruled && !nested) continue;
    FieldPlan entry{field, ruled ? &field->options().GetExtension(v1::rules) : nullptr, nullptr};
    if (ruled && !entry.rules->pattern().empty()) {
      entry.pattern = std::make_unique<RE2>(entry.rules->pattern());
    }
    plan->push_back(std::move(entry));
  }
  return *plan;
}

bool IsBlank(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const char32_t c = NextCodePoint(text, i);
    const bool space = c <= 0x20 || c == 0x7f || c == 0xa0 || c == 0x1680 ||
                       (c >= 0x2000 && c <= 0x200d) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
                       c == 0x205f || c == 0x2060 || c == 0x3000 || c == 0xfeff;
    if (!space) return false;
  }
  return true;
}

absl::Status CheckLength(size_t length, bool blank, const v1::FieldRules& rules,
                         const std::string& path, std::string_view unit) {
  if (rules.min_len() > 0 && (length < rules.min_len() || blank)) {
    const std::string_view what = length == 0 || blank ? "is empty" : "is too short";
    return InvalidField(path, what, rules.remedy());
  }
  if (rules.max_len() > 0 && length > rules.max_len()) {
    return InvalidField(
        path,
        StrCat("is too long: ", length, " ", unit, ", at most ", rules.max_len(), " are allowed"),
        rules.remedy());
  }
  return absl::OkStatus();
}

absl::Status CheckString(const std::string& value, const FieldPlan& plan, const std::string& path) {
  const size_t length = CountCodePoints(value);
  RETURN_IF_ERROR(CheckLength(length, IsBlank(value), *plan.rules, path, "characters"));
  if (plan.pattern != nullptr && !value.empty() && !RE2::FullMatch(value, *plan.pattern)) {
    return InvalidField(path, "does not have the right form", plan.rules->remedy());
  }
  return absl::OkStatus();
}

double NumberOf(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->GetInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<double>(reflection->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(reflection->GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->GetDouble(message, field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return static_cast<double>(reflection->GetFloat(message, field));
    default:
      return 0;
  }
}

absl::Status CheckNumber(double value, const v1::FieldRules& rules, const std::string& path) {
  if (rules.has_min() && !(value >= rules.min())) {
    return InvalidField(path, StrCat("is ", value, ", less than ", rules.min()), rules.remedy());
  }
  if (rules.has_max() && !(value <= rules.max())) {
    return InvalidField(path, StrCat("is ", value, ", more than ", rules.max()), rules.remedy());
  }
  return absl::OkStatus();
}

absl::Status Check(const Message& message, const std::string& prefix) {
  const Reflection* reflection = message.GetReflection();
  for (const FieldPlan& plan : PlanFor(message.GetDescriptor())) {
    const FieldDescriptor* field = plan.field;
    const std::string path = prefix + std::string(field->name());
    if (field->is_repeated()) {
      const int size = reflection->FieldSize(message, field);
      if (plan.rules != nullptr) {
        RETURN_IF_ERROR(
            CheckLength(static_cast<size_t>(size), false, *plan.rules, path, "elements"));
      }
      for (int i = 0; field->message_type() != nullptr && i < size; ++i) {
        RETURN_IF_ERROR(
            Check(reflection->GetRepeatedMessage(message, field, i), StrCat(path, "[", i, "].")));
      }
    } else if (field->message_type() != nullptr) {
      if (reflection->HasField(message, field)) {
        RETURN_IF_ERROR(Check(reflection->GetMessage(message, field), path + "."));
      } else if (plan.rules != nullptr && plan.rules->min_len() > 0) {
        return InvalidField(path, "is missing", plan.rules->remedy());
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      std::string scratch;
      RETURN_IF_ERROR(
          CheckString(reflection->GetStringReference(message, field, &scratch), plan, path));
    } else {
      RETURN_IF_ERROR(CheckNumber(NumberOf(message, field), *plan.rules, path));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const Message& message) { return Check(message, ""); }

}  // namespace switchboard::runtime
