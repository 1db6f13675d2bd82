#include "common/bus/message.h"

#include <nats/nats.h>

#include "common/base/strings.h"

namespace switchboard::bus {
namespace {

// A JetStream delivery's reply subject: $JS.ACK.<stream>.<consumer>.<delivered>.<stream
// sequence>.…, or with the domain and account hash in front of the stream since ADR-15.
struct Delivery {
  uint64_t count = 0;
  uint64_t stream_sequence = 0;
};

Delivery ParseDelivery(std::string_view reply) {
  Delivery delivery;
  if (reply.substr(0, 8) != "$JS.ACK.") return delivery;
  const std::vector<std::string_view> tokens = StrSplit(reply, '.');
  const size_t first = tokens.size() >= 11 ? 6 : 4;
  if (tokens.size() > first + 1) {
    (void)SimpleAtoi(tokens[first], &delivery.count);
    (void)SimpleAtoi(tokens[first + 1], &delivery.stream_sequence);
  }
  return delivery;
}

}  // namespace

Message::~Message() {
  if (message_ != nullptr) natsMsg_Destroy(message_);
}

Message Message::Make(const std::string& subject, const std::string& reply_subject,
                      const Headers& headers, std::string_view payload) {
  // Messages are given back to a collector of the library's, which a connection would have started.
  static const natsStatus opened = nats_Open(-1);
  if (opened != NATS_OK) return Message();
  natsMsg* created = nullptr;
  const char* reply = reply_subject.empty() ? nullptr : reply_subject.c_str();
  if (natsMsg_Create(&created, subject.c_str(), reply, payload.data(),
                     static_cast<int>(payload.size())) != NATS_OK) {
    return Message();
  }
  Message message(created);
  for (const auto& [name, value] : headers) {
    if (natsMsgHeader_Set(created, name.c_str(), value.c_str()) != NATS_OK) return Message();
  }
  return message;
}

std::string_view Message::subject() const {
  return message_ == nullptr ? std::string_view() : natsMsg_GetSubject(message_);
}

std::string_view Message::reply_subject() const {
  const char* reply = message_ == nullptr ? nullptr : natsMsg_GetReply(message_);
  return reply == nullptr ? std::string_view() : reply;
}

std::string_view Message::payload() const {
  if (message_ == nullptr) return {};
  return {natsMsg_GetData(message_), static_cast<size_t>(natsMsg_GetDataLength(message_))};
}

std::string_view Message::Header(const char* name) const {
  const char* value = nullptr;
  if (message_ == nullptr || natsMsgHeader_Get(message_, name, &value) != NATS_OK) return {};
  return value;
}

Headers Message::AllHeaders() const {
  Headers headers;
  const char** keys = nullptr;
  int count = 0;
  if (message_ == nullptr || natsMsgHeader_Keys(message_, &keys, &count) != NATS_OK) return headers;
  for (int i = 0; i < count; ++i) headers.emplace_back(keys[i], Header(keys[i]));
  free(keys);
  return headers;
}

uint64_t Message::stream_sequence() const {
  uint64_t sequence = 0;
  if (SimpleAtoi(Header("Nats-Sequence"), &sequence)) return sequence;
  return ParseDelivery(reply_subject()).stream_sequence;
}

uint64_t Message::delivery_count() const { return ParseDelivery(reply_subject()).count; }

}  // namespace switchboard::bus
