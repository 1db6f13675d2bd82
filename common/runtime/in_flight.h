// Private to common/runtime: what a process has in hand. Bounds it, keeps those who wait informed,
// and stops work that nobody waits for.
//
// - More than the limit is refused at once; operators' verbs have a reserve of their own.
// - Who waits longer than 250 ms hears so: a message `Mesh-Stream: working` without a payload,
// again
//   every 250 ms. Silence therefore means that this process is gone, frozen or cut off.
// - Work whose deadline has passed, or whose caller says on `mesh.cancel` that it stopped waiting,
//   is cancelled: its coroutine ends at its next wait, and what it has asked of others is cancelled
//   likewise.
// - A message to itself, ten times a second while there is traffic, measures how long a request
//   waits in buffers before this process takes it: what the limiter goes by.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>
#include <string>

#include "absl/status/status.h"
#include "common/bus/connection.h"
#include "common/observability/metrics.h"
#include "common/runtime/limiter.h"

namespace switchboard::runtime {

inline constexpr char kCancelSubject[] = "mesh.cancel";
inline constexpr std::chrono::milliseconds kWorkingInterval{250};

class InFlight {
 public:
  // One request in hand, from Begin until it is destroyed.
  struct Work : boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    std::string reply_subject;
    int attempt = 1;
    Deadline deadline = Deadline::After(std::chrono::seconds(0));
    Clock::time_point heard{};  // when its caller last heard of it
    asio::cancellation_signal stop;
    enum class End { kNone, kExpired, kAbandoned } end = End::kNone;
  };

  InFlight(bus::Connection& bus, std::string agent, std::string instance_id, int limit_max);

  // Listens for cancellations and for its own probes.
  absl::Status Start();
  void Stop();

  // ResourceExhausted with a time to wait. `reserved`: an operator's verb.
  absl::Status Admit(bool reserved);
  // Work that takes more than a moment. `work` lives until the handler has ended.
  void Begin(Work& work, bool reserved);
  void End(bool reserved) { --(reserved ? reserved_ : count_); }
  int count() const { return count_ + reserved_; }

  // Operators look at a loaded mesh; sixteen of them at once are a lot.
  static constexpr int kReserve = 16;

 private:
  using List = boost::intrusive::list<Work, boost::intrusive::constant_time_size<false>>;

  void OnCancel(const bus::Message& message);
  void ScheduleTick();
  void Tick();
  void Stop(Work& work, Work::End why);
  void SignOfLife(Work& work, Clock::time_point now);
  void Probe(Clock::time_point now);
  bool StoodStill(Clock::time_point now) const;
  void ForgetWaits();

  bus::Connection& bus_;
  const std::string agent_;
  const std::string instance_id_;
  int count_ = 0;
  int reserved_ = 0;
  List working_;
  Limiter limiter_;
  Timer timer_;
  bool ticking_ = false;
  Clock::time_point tick_due_{};
  bool asked_ = false;  // since the last tick
  bool probing_ = false;
  bool stopped_ = false;
  Clock::time_point probe_sent_{};
  std::string probe_subject_;
  bus::Subscription cancellations_;
  bus::Subscription probes_;
  prometheus::Gauge& limit_metric_;
  prometheus::Gauge& waited_metric_;
  prometheus::Counter& refused_metric_;
  prometheus::Counter& abandoned_metric_;
};

}  // namespace switchboard::runtime
