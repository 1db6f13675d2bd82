// What became of the deliveries of a message of WORK: each that failed is kept as an event, and all
// of them go with the message when it is buried in DEAD.
//
//   mesh.work.webhook.<conversation>.<turn>           the message
//   mesh.event.webhook.retried.<conversation>.<turn>  a delivery that failed; another follows
//   mesh.dead.webhook.<conversation>.<turn>           the message again, with reason and history
//
// The deliveries of one message go to any replica, so no process could keep this for itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/bus/jetstream.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::conversation {

// One delivery that brought nothing: "<n> <RFC 3339> <instance> <reason>".
std::string HistoryLine(const v1::TurnRetried& attempt);
// `attempts` with "no outcome" for each delivery from 1 to `deliveries` that has none, by " | ".
std::string JoinHistory(const std::vector<v1::TurnRetried>& attempts, uint64_t deliveries);

// What stands behind "mesh.work.": the kind of work, and whose it is.
struct WorkPlace {
  std::string origin;  // "turn", "webhook"; "work" when the subject has another form
  std::string suffix;  // "<conversation>.<turn>"
};
WorkPlace PlaceOfWork(std::string_view subject);

class WorkHistory {
 public:
  // A few hops and two disks.
  static constexpr std::chrono::milliseconds kWriteLimit{5000};

  // `sender` names the process in the headers of what it writes.
  WorkHistory(bus::Connection& bus, std::string sender) : bus_(bus), sender_(std::move(sender)) {}

  // Keeps that a delivery failed. `message` outlives the call, here and below.
  Awaitable<absl::Status> Remember(const bus::Message* message, v1::TurnRetried attempt);

  // Stores `message` whole in DEAD with `reason` and its history. `last` is the delivery that
  // failed just now and is not remembered. Once Ok the message may be settled.
  Awaitable<absl::Status> Bury(const bus::Message* message, std::string reason,
                               v1::TurnRetried last);

 private:
  Awaitable<absl::StatusOr<std::vector<v1::TurnRetried>>> Read(WorkPlace place,
                                                               uint64_t work_sequence);

  bus::Connection& bus_;
  const std::string sender_;
};

}  // namespace switchboard::conversation
