#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/base/text.h"
#include "gateway/json_codec.h"
#include "gateway/problem.h"

namespace switchboard::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::json;

constexpr std::string_view kBodyRemedy = "send one JSON object in UTF-8";

absl::Status BadBody(std::string_view what) {
  return OfKind(InvalidField("body", what, kBodyRemedy), "invalid-json");
}

std::string Position(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? byte : byte - newline - 1;
  return StrCat("line ", line, ", column ", column + 1);
}

size_t FirstInvalidByte(std::string_view text) {
  // The longest valid prefix, by halving: rare, so simplicity wins over speed.
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = begin + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    if (!IsValidUtf8(text.substr(begin, end - begin))) return begin;
    begin = end;
  }
  return text.size();
}

// Depth by brackets outside strings: enough for text that is parsed afterwards.
bool DeeperThan(std::string_view text, int limit, size_t* where) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      *where = i;
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

bool IsTimestamp(const Descriptor* type) {
  return type == google::protobuf::Timestamp::descriptor();
}
bool IsStruct(const Descriptor* type) { return type == google::protobuf::Struct::descriptor(); }

std::string_view Expected(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "a string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number";
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return "a whole number";
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number, not negative";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "the name of one of its values";
    default:
      return IsTimestamp(field->message_type()) ? "a time such as 2026-11-20T08:00:00Z"
                                                : "an object";
  }
}

// "a number", "an object", "a list".
std::string KindOf(const json& value) {
  if (value.is_array()) return "a list";
  if (value.is_null()) return "null";
  return StrCat(value.is_object() ? "an " : "a ", value.type_name());
}

absl::Status WrongType(const FieldDescriptor* field, const std::string& path, const json& value) {
  return InvalidField(path, StrCat("must be ", Expected(field), ", not ", KindOf(value)),
                      StrCat("send ", Expected(field)));
}

absl::Status UnknownField(const Descriptor* type, const std::string& path) {
  std::vector<std::string> names;
  for (int i = 0; i < type->field_count(); ++i)
    names.push_back(std::string(type->field(i)->name()));
  return InvalidField(path, "is not a field of this request",
                      names.empty()
                          ? "leave it out"
                          : StrCat("leave it out; the fields are ", StrJoin(names, ", ")));
}

// A JSON number as a whole number within [min, max]; 5.0 counts as 5.
template <typename Integer>
bool ToInteger(const json& value, Integer* out) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<Integer>::max())) return false;
    *out = static_cast<Integer>(number);
    return true;
  }
  if (value.is_number_integer()) {
    const auto number = value.get<int64_t>();
    if (std::is_unsigned_v<Integer>
            ? number < 0
            : number < static_cast<int64_t>(std::numeric_limits<Integer>::min())) {
      return false;
    }
    *out = static_cast<Integer>(number);
    return true;
  }
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  // 2^53: every whole number up to there is exact.
  if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0)) return false;
  const auto whole = static_cast<int64_t>(number);
  return static_cast<double>(whole) == number && ToInteger(json(whole), out);
}

absl::Status Read(const json& object, Message* message, const std::string& prefix,
                  UnknownFields unknown);

absl::Status ReadTimestamp(const json& value, const FieldDescriptor* field, const std::string& path,
                           Message* out) {
  absl::Time time;
  std::string ignored;
  if (!value.is_string() ||
      !absl::ParseTime(absl::RFC3339_full, value.get_ref<const std::string&>(), &time, &ignored)) {
    return value.is_string() ? InvalidField(path, StrCat("must be ", Expected(field)),
                                            StrCat("send ", Expected(field)))
                             : WrongType(field, path, value);
  }
  // The years 1 to 9999, which is what a Timestamp holds.
  const int64_t seconds = absl::ToUnixSeconds(time);
  if (seconds < -62135596800 || seconds > 253402300799) {
    return InvalidField(path, "is out of range", "send a year from 0001 to 9999");
  }
  auto* timestamp = static_cast<google::protobuf::Timestamp*>(out);
  timestamp->set_seconds(seconds);
  timestamp->set_nanos(
      static_cast<int>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return absl::OkStatus();
}

absl::Status ReadMessage(const json& value, const FieldDescriptor* field, const std::string& path,
                         UnknownFields unknown, Message* out) {
  if (IsTimestamp(field->message_type())) return ReadTimestamp(value, field, path, out);
  if (!value.is_object()) return WrongType(field, path, value);
  if (IsStruct(field->message_type())) {
    return DecodeStruct(value.dump(), static_cast<google::protobuf::Struct*>(out));
  }
  return Read(value, out, path + ".", unknown);
}

// `add`: the field is repeated and `value` one of its elements.
absl::Status ReadValue(const json& value, const FieldDescriptor* field, const std::string& path,
                       UnknownFields unknown, bool add, Message* message) {
  const Reflection* reflection = message->GetReflection();
  const auto wrong = [&] { return WrongType(field, path, value); };
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      if (!value.is_string()) return wrong();
      auto text = value.get<std::string>();
      add ? reflection->AddString(message, field, std::move(text))
          : reflection->SetString(message, field, std::move(text));
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!value.is_boolean()) return wrong();
      add ? reflection->AddBool(message, field, value.get<bool>())
          : reflection->SetBool(message, field, value.get<bool>());
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!value.is_number()) return wrong();
      add ? reflection->AddDouble(message, field, value.get<double>())
          : reflection->SetDouble(message, field, value.get<double>());
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_UINT32: {
      uint32_t number = 0;
      if (!ToInteger(value, &number)) return wrong();
      add ? reflection->AddUInt32(message, field, number)
          : reflection->SetUInt32(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number = 0;
      if (!ToInteger(value, &number)) return wrong();
      add ? reflection->AddInt32(message, field, number)
          : reflection->SetInt32(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* choice =
          value.is_string()
              ? field->enum_type()->FindValueByName(value.get_ref<const std::string&>())
              : nullptr;
      if (choice == nullptr) return wrong();
      add ? reflection->AddEnum(message, field, choice)
          : reflection->SetEnum(message, field, choice);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ReadMessage(value, field, path, unknown,
                         add ? reflection->AddMessage(message, field)
                             : reflection->MutableMessage(message, field));
    default:
      // The public requests hold no other types; json_codec_test keeps it so.
      return absl::InternalError(StrCat("no JSON for the type of ", path));
  }
}

absl::Status ReadField(const json& value, const FieldDescriptor* field, const std::string& path,
                       UnknownFields unknown, Message* message) {
  if (value.is_null()) return absl::OkStatus();  // as if left out
  if (field->is_map())
    return absl::OkStatus();  // agents' requests only, which agents read themselves
  if (!field->is_repeated()) return ReadValue(value, field, path, unknown, false, message);
  if (!value.is_array()) {
    return InvalidField(path, StrCat("must be a list, not ", KindOf(value)), "send a list");
  }
  for (size_t i = 0; i < value.size(); ++i) {
    RETURN_IF_ERROR(ReadValue(value[i], field, StrCat(path, "[", i, "]"), unknown, true, message));
  }
  return absl::OkStatus();
}

absl::Status Read(const json& object, Message* message, const std::string& prefix,
                  UnknownFields unknown) {
  const Descriptor* type = message->GetDescriptor();
  for (const auto& [key, value] : object.items()) {
    const FieldDescriptor* field = type->FindFieldByName(key);
    if (field == nullptr) {
      if (unknown == UnknownFields::kIgnore) continue;
      // A name may hold anything: it goes into a message and a header of nobody's, cut short.
      return UnknownField(type, prefix + Truncate(key, 64));
    }
    RETURN_IF_ERROR(ReadField(value, field, prefix + key, unknown, message));
  }
  return absl::OkStatus();
}

// A query parameter as the JSON value its field's type calls for.
json FromQueryText(const FieldDescriptor* field, const std::string& text) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    uint64_t number = 0;
    if (SimpleAtoi(text, &number)) return number;
  }
  return text;
}

}  // namespace

absl::StatusOr<json> ParseJsonObject(std::string_view body) {
  if (!IsValidUtf8(body)) {
    return BadBody(StrCat("is not valid UTF-8 at ", Position(body, FirstInvalidByte(body))));
  }
  size_t where = 0;
  if (DeeperThan(body, kJsonDepthMax, &where)) {
    return BadBody(
        StrCat("is nested deeper than ", kJsonDepthMax, " levels at ", Position(body, where)));
  }
  try {
    json value = json::parse(body);
    if (!value.is_object()) {
      return BadBody(StrCat("must be a JSON object, not ", KindOf(value)));
    }
    return value;
  } catch (const json::parse_error& error) {
    // `byte` counts from 1 and names the last byte read.
    const size_t at = error.byte == 0 ? 0 : std::min<size_t>(error.byte - 1, body.size());
    return BadBody(StrCat("is not valid JSON at ", Position(body, at)));
  } catch (const json::exception& error) {
    return BadBody("holds a number that is out of range");
  }
}

absl::Status DecodeJson(std::string_view body, Message* message, UnknownFields unknown) {
  if (body.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const json object, ParseJsonObject(body));
  return Read(object, message, "", unknown);
}

absl::Status DecodeQuery(const std::vector<std::pair<std::string, std::string>>& query,
                         Message* message) {
  json object = json::object();
  for (const auto& [key, text] : query) {
    if (!IsValidUtf8(key) || !IsValidUtf8(text)) {
      return InvalidField("query", "is not valid UTF-8", "percent-encode UTF-8");
    }
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(key);
    object[key] = field == nullptr ? json(text) : FromQueryText(field, text);
  }
  return Read(object, message, "", UnknownFields::kReject);
}

absl::Status DecodeStruct(std::string_view text, google::protobuf::Struct* out) {
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), out);
  if (status.ok()) return absl::OkStatus();
  return BadBody("is not a JSON object");
}

}  // namespace switchboard::gateway
