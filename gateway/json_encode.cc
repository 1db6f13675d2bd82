#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>

#include <charconv>
#include <limits>

#include "absl/time/time.h"
#include "common/base/strings.h"
#include "gateway/json_codec.h"

namespace switchboard::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void WriteString(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr char kHex[] = "0123456789abcdef";
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void WriteDouble(double number, std::string& out) {
  if (!(number >= std::numeric_limits<double>::lowest() &&
        number <= std::numeric_limits<double>::max())) {
    out.append("null");  // JSON has no NaN and no infinity
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), number).ptr;
  out.append(buffer, end);
}

void Write(const Message& message, std::string& out);

void WriteMessage(const Message& message, std::string& out) {
  if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
    const absl::Time at = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
    WriteString(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", at, absl::UTCTimeZone()), out);
  } else if (message.GetDescriptor() == google::protobuf::Struct::descriptor()) {
    std::string text;
    (void)google::protobuf::util::MessageToJsonString(message, &text);
    out.append(text);
  } else {
    Write(message, out);
  }
}

// `index` -1: the field is not repeated.
void WriteValue(const Message& message, const FieldDescriptor* field, int index, std::string& out) {
  const Reflection* reflection = message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      WriteString(one ? reflection->GetStringReference(message, field, &scratch)
                      : reflection->GetRepeatedStringReference(message, field, index, &scratch),
                  out);
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      out.append((one ? reflection->GetBool(message, field)
                      : reflection->GetRepeatedBool(message, field, index))
                     ? "true"
                     : "false");
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      WriteDouble(one ? reflection->GetDouble(message, field)
                      : reflection->GetRepeatedDouble(message, field, index),
                  out);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      StrAppend(&out, one ? reflection->GetUInt32(message, field)
                          : reflection->GetRepeatedUInt32(message, field, index));
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      StrAppend(&out, one ? reflection->GetInt32(message, field)
                          : reflection->GetRepeatedInt32(message, field, index));
      return;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = one ? reflection->GetEnum(message, field)
                              : reflection->GetRepeatedEnum(message, field, index);
      WriteString(value->name(), out);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      WriteMessage(one ? reflection->GetMessage(message, field)
                       : reflection->GetRepeatedMessage(message, field, index),
                   out);
      return;
    default:
      out.append("null");  // no such type in a public reply; json_codec_test keeps it so
  }
}

void WriteField(const Message& message, const FieldDescriptor* field, std::string& out) {
  const Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) {
    out.push_back('[');
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (i > 0) out.push_back(',');
      WriteValue(message, field, i, out);
    }
    out.push_back(']');
  } else if (field->has_presence() && !reflection->HasField(message, field)) {
    out.append("null");
  } else {
    WriteValue(message, field, -1, out);
  }
}

void Write(const Message& message, std::string& out) {
  const Descriptor* type = message.GetDescriptor();
  char separator = '{';
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    // Of a oneof only the member that is set.
    if (field->containing_oneof() != nullptr &&
        !message.GetReflection()->HasField(message, field)) {
      continue;
    }
    out.push_back(separator);
    separator = ',';
    out.push_back('"');
    out.append(field->name());
    out.append("\":");
    WriteField(message, field, out);
  }
  if (separator == '{') out.push_back('{');
  out.push_back('}');
}

}  // namespace

std::string EncodeJson(const Message& message) {
  std::string out;
  out.reserve(1024);
  WriteMessage(message, out);
  return out;
}

}  // namespace switchboard::gateway
