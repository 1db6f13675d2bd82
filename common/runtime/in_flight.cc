#include "common/runtime/in_flight.h"

#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/runtime/context.h"

namespace switchboard::runtime {
namespace {

constexpr std::chrono::milliseconds kTick{100};
// A tick this late is no load: callers give up after 750 ms of silence.
constexpr std::chrono::seconds kStandstill{1};
// Core NATS delivers at most once: a probe this old is believed lost, and another is sent.
constexpr std::chrono::seconds kProbeLost{5};
// What a refused caller is told to wait: longer than a turn takes, shorter than anyone's patience.
constexpr int kRetryAfterMs = 100;

}  // namespace

InFlight::InFlight(bus::Connection& bus, std::string agent, std::string instance_id, int limit_max)
    : bus_(bus),
      agent_(std::move(agent)),
      instance_id_(std::move(instance_id)),
      limiter_({.limit_min = std::min(16, limit_max), .limit_max = limit_max}),
      timer_(bus.io()),
      limit_metric_(metrics::Gauge("switchboard_in_flight_limit",
                                   "Requests this process takes at once, as found from the wait.",
                                   {{"agent", agent_}})),
      waited_metric_(metrics::Gauge("switchboard_queue_wait_seconds",
                                    "How long the last probe waited before it was taken.",
                                    {{"agent", agent_}})),
      refused_metric_(metrics::Counter("switchboard_requests_refused_total",
                                       "Requests refused because enough was in hand.",
                                       {{"agent", agent_}})),
      abandoned_metric_(metrics::Counter("switchboard_requests_abandoned_total",
                                         "Requests stopped because nobody waited for them.",
                                         {{"agent", agent_}})) {
  limit_metric_.Set(limit_max);
}

absl::Status InFlight::Start() {
  // What was measured was the connection's end and no queue.
  bus_.OnStateChange([this](bus::State) { ForgetWaits(); });
  ASSIGN_OR_RETURN(cancellations_, bus_.Subscribe(kCancelSubject, "", [this](bus::Message message) {
    OnCancel(message);
  }));
  probe_subject_ = bus_.NewInbox();
  ASSIGN_OR_RETURN(probes_, bus_.Subscribe(probe_subject_, "", [this](bus::Message) {
    if (!probing_) return;
    probing_ = false;
    const Clock::time_point now = Clock::now();
    if (StoodStill(now)) return;
    waited_metric_.Set(std::chrono::duration<double>(now - probe_sent_).count());
    limiter_.OnWaited(now, now - probe_sent_);
  }));
  return absl::OkStatus();
}

void InFlight::Stop() {
  stopped_ = true;
  timer_.cancel();
  cancellations_.Reset();
  probes_.Reset();
}

absl::Status InFlight::Admit(bool reserved) {
  asked_ = true;
  if (!ticking_) ScheduleTick();
  if (reserved ? reserved_ < kReserve : limiter_.Admits(count_) && !limiter_.overloaded()) {
    return absl::OkStatus();
  }
  refused_metric_.Increment();
  return WithRetryAfterMs(
      absl::ResourceExhaustedError(StrCat(agent_, " has as much in hand as it takes")),
      kRetryAfterMs);
}

void InFlight::Begin(Work& work, bool reserved) {
  work.heard = Clock::now();
  working_.push_back(work);
  if (reserved) {
    ++reserved_;
  } else {
    limiter_.OnStart(++count_);
  }
}

void InFlight::OnCancel(const bus::Message& message) {
  const std::string_view request = message.Header(kHeaderRequest);
  int attempt = 1;
  (void)SimpleAtoi(message.Header(kHeaderAttempt), &attempt);
  for (Work& work : working_) {
    if (work.reply_subject != request || work.attempt > attempt) continue;
    Stop(work, Work::End::kAbandoned);  // several attempts of one request may be here
  }
}

void InFlight::Stop(Work& work, Work::End why) {
  if (work.end != Work::End::kNone) return;
  work.end = why;
  abandoned_metric_.Increment();
  // The coroutine resumes in a later step of the loop: the list stays as it is meanwhile.
  work.stop.emit(asio::cancellation_type::all);
}

void InFlight::ScheduleTick() {
  if (stopped_) return;
  ticking_ = true;
  tick_due_ = Clock::now() + kTick;
  timer_.expires_at(tick_due_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

// The process was frozen, or a handler has blocked the loop: what waited meanwhile has been given
// up.
bool InFlight::StoodStill(Clock::time_point now) const {
  return ticking_ && now - tick_due_ > kStandstill;
}

void InFlight::ForgetWaits() {
  probing_ = false;
  limiter_.ForgetWaits();
}

void InFlight::Tick() {
  const Clock::time_point now = Clock::now();
  if (StoodStill(now)) ForgetWaits();
  for (Work& work : working_) {
    if (work.deadline.expired()) {
      Stop(work, Work::End::kExpired);
    } else if (now - work.heard >= kWorkingInterval - kTick / 2) {
      SignOfLife(work, now);
    }
  }
  limit_metric_.Set(limiter_.limit());
  Probe(now);
  ticking_ = false;
  // An idle process does not tick, unless it still believes in an overload that may be over: nobody
  // else would tell it.
  if (asked_ || probing_ || !working_.empty() || limiter_.overloaded()) ScheduleTick();
  asked_ = false;
}

void InFlight::SignOfLife(Work& work, Clock::time_point now) {
  work.heard = now;
  if (work.reply_subject.empty() || work.end != Work::End::kNone) return;
  (void)bus_.Publish(work.reply_subject,
                     {{kHeaderStream, bus::kStreamWorking},
                      {kHeaderAgent, agent_},
                      {kHeaderInstance, instance_id_}},
                     "");
}

void InFlight::Probe(Clock::time_point now) {
  if (probing_ && now - probe_sent_ < kProbeLost) {
    limiter_.OnWaited(now, now - probe_sent_);  // it still waits: so long at least
    return;
  }
  probe_sent_ = now;
  probing_ = bus_.Publish(probe_subject_, {}, "").ok();
}

}  // namespace switchboard::runtime
