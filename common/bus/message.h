// A message from the bus: subject, headers, payload. Owns the nats.c message; the views live as
// long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct __natsMsg;

namespace switchboard::bus {

// Written in order; names are case-sensitive on the wire.
using Headers = std::vector<std::pair<std::string, std::string>>;

class Message {
 public:
  Message() = default;
  explicit Message(__natsMsg* owned) : message_(owned) {}
  Message(Message&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  Message& operator=(Message&& other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~Message();

  // One that did not come as such: out of an answer of JetStream's, or on a bus that a test makes
  // up. Empty if nats.c refuses a header.
  static Message Make(const std::string& subject, const std::string& reply_subject,
                      const Headers& headers, std::string_view payload);

  std::string_view subject() const;
  // Where the sender waits for an answer; empty when nobody does.
  std::string_view reply_subject() const;
  std::string_view payload() const;
  // Empty when the header is not there.
  std::string_view Header(const char* name) const;
  Headers AllHeaders() const;

  // The stream sequence of a message that JetStream delivered or that a direct get returned; else
  // 0.
  uint64_t stream_sequence() const;
  // How often JetStream has delivered it, from 1; 0 for other messages.
  uint64_t delivery_count() const;

  __natsMsg* get() const { return message_; }

 private:
  __natsMsg* message_ = nullptr;
};

}  // namespace switchboard::bus
