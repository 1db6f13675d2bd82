// Something an operator must see to: a line in the log, a gauge, and one event in the stream EVENTS
// when it begins and one when it is over.
//
//   Alert alert(bus, "analytics", instance_id, {.kind = "storage-failed", .severity = "critical"});
//   co_await alert.Raise("the disk is full: free some space");   // at every look: told once
//   co_await alert.Clear("the file can be written again");       // told once, if it was raised
//
// `mesh.event.alert.raised` and `mesh.event.alert.cleared` carry v1.Alert. Belongs to one coroutine
// on the bus's loop, lives no longer than the bus. An alert is one instance's: it ends with the
// process, without an event of its own.
#pragma once

#include <string>

#include "common/bus/connection.h"

namespace switchboard::runtime {

inline constexpr char kAlertRaisedSubject[] = "mesh.event.alert.raised";
inline constexpr char kAlertClearedSubject[] = "mesh.event.alert.cleared";

class Alert {
 public:
  struct Condition {
    // Stable name, kebab-case.
    std::string kind;
    // "warning" or "critical".
    std::string severity;
  };

  Alert(bus::Connection& bus, std::string agent, std::string instance_id, Condition condition);

  // `message`: what is wrong and what to do, in one or two sentences without personal data. While
  // the event cannot be stored (no bus), each further call tries again, at most kStoreWithin each.
  Awaitable<void> Raise(std::string message);
  Awaitable<void> Clear(std::string message);

  bool raised() const { return raised_; }

  static constexpr std::chrono::seconds kStoreWithin{2};

 private:
  Awaitable<void> Tell(std::string subject, std::string message);

  bus::Connection& bus_;
  const std::string agent_;
  const std::string instance_id_;
  const Condition condition_;
  bool raised_ = false;
  // What EVENTS last heard of this condition.
  bool told_raised_ = false;
  // Counts the events, for message ids that a repeated attempt shares.
  uint64_t count_ = 0;
};

}  // namespace switchboard::runtime
