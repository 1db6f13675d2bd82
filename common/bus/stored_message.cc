#include "common/bus/stored_message.h"

#include <nats/nats.h>

#include <string>

#include "absl/strings/escaping.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/nats_options.h"

namespace switchboard::bus {
namespace {

constexpr std::string_view kVersionLine = "NATS/1.0";
constexpr std::string_view kLineEnd = "\r\n";

absl::Status SetHeader(const Message& message, const std::string& name, const std::string& value) {
  if (value.empty()) return absl::OkStatus();  // nats.c 3.4 would lose it (see Connection::Publish)
  return FromNats(natsMsgHeader_Set(message.get(), name.c_str(), value.c_str()), "header");
}

// `block`: "NATS/1.0\r\nName: value\r\n…\r\n", or nothing.
absl::Status SetHeaders(const Message& message, std::string_view block) {
  if (block.empty()) return absl::OkStatus();
  if (!block.starts_with(kVersionLine)) return absl::InternalError("stored headers: no version");
  while (!block.empty()) {
    const size_t end = block.find(kLineEnd);
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + kLineEnd.size());
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // the version line, the empty last one
    RETURN_IF_ERROR(SetHeader(message, std::string(line.substr(0, colon)),
                              std::string(Trim(line.substr(colon + 1)))));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Decoded(const nlohmann::json& stored, const char* field) {
  const auto found = stored.find(field);
  if (found == stored.end()) return std::string();
  std::string decoded;
  if (!found->is_string() || !absl::Base64Unescape(found->get<std::string>(), &decoded)) {
    return absl::InternalError(StrCat("stored message: ", field, " is not base64"));
  }
  return decoded;
}

}  // namespace

absl::StatusOr<Message> ToStoredMessage(const nlohmann::json& reply, std::string_view stream) {
  const auto stored = reply.find("message");
  if (stored == reply.end() || !stored->is_object() || !stored->contains("subject") ||
      !stored->contains("seq") || !(*stored)["subject"].is_string() ||
      !(*stored)["seq"].is_number_unsigned()) {
    return absl::InternalError("stored message: subject or seq is missing");
  }
  ASSIGN_OR_RETURN(const std::string headers, Decoded(*stored, "hdrs"));
  ASSIGN_OR_RETURN(const std::string data, Decoded(*stored, "data"));
  const std::string subject = (*stored)["subject"].get<std::string>();
  natsMsg* created = nullptr;
  RETURN_IF_ERROR(FromNats(natsMsg_Create(&created, subject.c_str(), nullptr, data.data(),
                                          static_cast<int>(data.size())),
                           "message"));
  Message message(created);
  RETURN_IF_ERROR(SetHeaders(message, headers));
  RETURN_IF_ERROR(SetHeader(message, "Nats-Stream", std::string(stream)));
  RETURN_IF_ERROR(SetHeader(message, "Nats-Subject", subject));
  RETURN_IF_ERROR(SetHeader(message, "Nats-Sequence", StrCat((*stored)["seq"].get<uint64_t>())));
  return message;
}

}  // namespace switchboard::bus
