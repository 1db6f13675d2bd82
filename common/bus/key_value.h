// Key-value buckets (ADR-8) on the loop: the stream KV_<bucket> with one subject a key.
#pragma once

#include "common/bus/jetstream.h"

namespace switchboard::bus {

struct KeyValueEntry {
  std::string key;
  std::string value;
  uint64_t revision = 0;
  // The key was removed; `value` is empty.
  bool deleted = false;
};

class KeyValue {
 public:
  KeyValue(Connection& connection, std::string bucket)
      : connection_(connection), bucket_(std::move(bucket)) {}

  // Creates the bucket when missing. `history`: revisions kept of a key, 1 to 64.
  Awaitable<absl::Status> Ensure(int history, int replicas, Deadline deadline);

  // Keys: letters, digits and - _ = . /, not starting or ending with a dot; else InvalidArgument.
  Awaitable<absl::StatusOr<uint64_t>> Put(std::string key, std::string value, Deadline deadline);
  // AlreadyExists when the key has a value.
  Awaitable<absl::StatusOr<uint64_t>> Create(std::string key, std::string value, Deadline deadline);
  // NotFound, also for a removed key.
  Awaitable<absl::StatusOr<KeyValueEntry>> Get(std::string key, Deadline deadline);
  Awaitable<absl::Status> Delete(std::string key, Deadline deadline);
  // The revisions of a key that the bucket still has, oldest first, removals among them; at
  // most 64. Empty: the key was never written.
  Awaitable<absl::StatusOr<std::vector<KeyValueEntry>>> History(std::string key, Deadline deadline);
  // All entries that are not removed, in no order.
  Awaitable<absl::StatusOr<std::vector<KeyValueEntry>>> List(Deadline deadline);

  // Every current entry, then every change, in order, until the connection closes; only of keys
  // that match `filter`, which may hold the wildcards of subjects. `on_caught_up` runs once, when
  // all that was there at the start has been delivered. Gaps and lost connections are healed by
  // reading on after the last revision seen; a removed key arrives as `deleted`. Never returns
  // before the awaiting coroutine is cancelled or the connection closed.
  Awaitable<void> Watch(std::function<void(const KeyValueEntry&)> on_entry,
                        std::function<void()> on_caught_up, std::string filter = ">");

 private:
  std::string stream() const { return "KV_" + bucket_; }
  std::string Subject(const std::string& key) const { return "$KV." + bucket_ + "." + key; }

  Connection& connection_;
  const std::string bucket_;
};

}  // namespace switchboard::bus
