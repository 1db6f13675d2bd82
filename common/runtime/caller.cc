#include "common/runtime/caller.h"

#include <algorithm>

#include "common/base/strings.h"
#include "common/observability/metrics.h"
#include "common/runtime/in_flight.h"

namespace switchboard::runtime {
namespace {

// Three signs of life left out: one may be late, two are no accident.
constexpr Clock::duration kSilenceMax = 3 * kWorkingInterval;
// How long a queue group with a silent member is avoided; then one request tries it again.
constexpr std::chrono::seconds kAvoidGroup{2};
// A replica that was heard so lately is believed to be alive.
constexpr std::chrono::seconds kAliveFor{5};
constexpr size_t kInstancesMax = 16;
// Per request: with two replicas one good one is found in two.
constexpr int kAttemptsMax = 4;
// The share of requests that may be sent twice, and how many of them may come at once.
constexpr double kBudgetShare = 0.1;
constexpr double kBudgetMax = 10;
constexpr double kSilenceRetriesPerSecond = 10;
// A percentile of fewer is no percentile; it is taken anew after so many answers.
constexpr size_t kAnswersMin = 32;

prometheus::Counter& ExtraAttempts(const char* cause) {
  return metrics::Counter(
      "switchboard_extra_attempts_total",
      "Requests sent once more: the first fell silent, was late, or was refused.",
      {{"cause", cause}});
}

}  // namespace

// ---- what is known of the others ----

void Caller::Target::OnAnswer(Clock::duration duration) {
  took[answers % took.size()] = duration;
  ++answers;
  if (answers % kAnswersMin != 0) return;
  std::array<Clock::duration, 128> sorted = took;
  const auto end = sorted.begin() + static_cast<ptrdiff_t>(std::min(answers, sorted.size()));
  const auto rank = sorted.begin() + (end - sorted.begin()) * 95 / 100;
  std::nth_element(sorted.begin(), rank, end);
  usual = *rank;
}

void Caller::Target::OnHeard(std::string_view instance, Clock::time_point now) {
  if (instance.empty()) return;
  for (Instance& known : instances) {
    if (known.id != instance) continue;
    known.heard = now;
    return;
  }
  if (instances.size() == kInstancesMax) {
    instances.erase(
        std::min_element(instances.begin(), instances.end(),
                         [](const Instance& a, const Instance& b) { return a.heard < b.heard; }));
  }
  instances.push_back({std::string(instance), now});
}

void Caller::Target::Forget(const std::string& instance) {
  std::erase_if(instances, [&](const Instance& known) { return known.id == instance; });
}

std::string Caller::Target::Alive(const std::string& except, Clock::time_point now) const {
  const Instance* best = nullptr;
  for (const Instance& known : instances) {
    if (known.id == except || now - known.heard > kAliveFor) continue;
    if (best == nullptr || known.heard > best->heard) best = &known;
  }
  return best == nullptr ? std::string() : best->id;
}

void Caller::Budget::OnRequest() { earned = std::min(kBudgetMax, earned + kBudgetShare); }

bool Caller::Budget::Take() {
  if (earned < 1) return false;
  earned -= 1;
  return true;
}

bool Caller::Budget::TakeForSilence(Clock::time_point now) {
  if (Take()) return true;
  const double seconds = std::chrono::duration<double>(now - filled).count();
  floor = std::min(kSilenceRetriesPerSecond, floor + seconds * kSilenceRetriesPerSecond);
  filled = now;
  if (floor < 1) return false;
  floor -= 1;
  return true;
}

Clock::duration Caller::Usual(const std::string& subject) const {
  const auto found = targets_.find(subject);
  return found == targets_.end() ? Clock::duration::zero() : found->second.usual;
}

// ---- one request ----

// The attempts of one request. Destroyed without an answer, it tells those who work on it.
class Caller::Exchange {
 public:
  Exchange(Caller& caller, Target& target, const Query& query, const Context& context)
      : caller_(caller),
        target_(target),
        query_(query),
        context_(context),
        sender_(caller.sender_) {
    const Clock::time_point now = Clock::now();
    caller_.budget_.OnRequest();
    if (now < target_.avoid_group_until) direct_ = target_.Alive("", now);
    stream_ = caller_.bus_.RequestStream(Subject(), Headers(), query_.payload, context_.deadline);
    began_ = heard_ = now;
    hedge_at_ =
        query_.hedge && target_.usual.count() > 0 ? now + target_.usual : Clock::time_point::max();
  }

  ~Exchange() {
    if (!open_ && attempts_ == 1) return;
    // Fails when the connection is gone: then the deadlines end what is left.
    (void)stream_->Notify(kCancelSubject, {{kHeaderRequest, stream_->reply_subject()},
                                           {kHeaderAttempt, StrCat(attempts_)},
                                           {kHeaderTurn, context_.turn_id},
                                           {kHeaderAgent, sender_}});
  }

  Awaitable<absl::StatusOr<bus::Message>> Run() {
    for (;;) {
      Deadline until = context_.deadline;
      if (!gave_up_) until = Deadline(std::min(heard_ + kSilenceMax, hedge_at_));
      absl::StatusOr<bus::Message> message = co_await stream_->Next(until);
      if (!message.ok()) {
        absl::Status status = OnNothing(message.status());
        if (status.ok()) continue;
        co_return status;
      }
      const std::string instance(message->Header(kHeaderInstance));
      heard_ = Clock::now();
      target_.OnHeard(instance, heard_);
      const std::string_view kind = message->Header(kHeaderStream);
      if (kind == bus::kStreamWorking) {
        if (instance != lost_) holder_ = instance;
        continue;
      }
      if (!Counts(instance, !kind.empty())) continue;
      if (kind.empty()) {
        // A cancellation that was meant for an earlier attempt.
        if (attempts_ > 1 && absl::IsCancelled(ReplyStatus(*message))) continue;
        if (TriesElsewhere(*message, instance)) continue;
        open_ = false;
        if (attempts_ == 1) target_.OnAnswer(heard_ - began_);
        co_return message;
      }
      holder_ = instance;
      absl::Status wanted = query_.on_part ? query_.on_part(*message) : absl::OkStatus();
      if (!wanted.ok()) co_return wanted;
    }
  }

 private:
  std::string Subject() const {
    return direct_.empty() ? query_.subject : StrCat(query_.subject, ".", direct_);
  }

  bus::Headers Headers() const {
    bus::Headers headers = RequestHeaders(context_, query_.type, caller_.sender_);
    if (attempts_ > 1) headers.emplace_back(kHeaderAttempt, StrCat(attempts_));
    return headers;
  }

  // Parts and the end must come from one replica; a whole answer may come from any.
  bool Counts(const std::string& instance, bool part) {
    if (part) {
      if (!lost_.empty() && instance == lost_) return false;
      if (producer_.empty()) producer_ = instance;
    }
    // An error that does not say from whom, such as a server's, is everybody's.
    return producer_.empty() || producer_ == instance || (instance.empty() && !part);
  }

  // A replica that is full has begun nothing: another may have room.
  bool TriesElsewhere(const bus::Message& reply, const std::string& instance) {
    if (attempts_ > 1 || !absl::IsResourceExhausted(ReplyStatus(reply))) return false;
    const std::string other = target_.Alive(instance, heard_);
    if (other.empty() || !caller_.budget_.Take()) return false;
    ExtraAttempts("refused").Increment();
    direct_ = other;
    return SendAgain(heard_, true).ok();
  }

  // Ok: wait on. Otherwise the request has ended so.
  absl::Status OnNothing(const absl::Status& status) {
    const Clock::time_point now = Clock::now();
    if (absl::IsUnavailable(status) && !direct_.empty() &&
        caller_.bus_.state() == bus::State::kConnected) {
      // The replica that was believed alive has gone: whoever else is there.
      target_.Forget(direct_);
      direct_.clear();
      return SendAgain(now, true);
    }
    if (!absl::IsDeadlineExceeded(status) || context_.deadline.expired()) {
      // Who has the request knows its deadline; where nobody has it, there is nobody to tell.
      if (!absl::IsCancelled(status)) open_ = false;
      return status;
    }
    if (now >= hedge_at_) {
      hedge_at_ = Clock::time_point::max();
      const std::string other = target_.Alive(holder_, now);
      if (!other.empty() && target_.instances.size() > 1 && caller_.budget_.Take()) {
        ExtraAttempts("late").Increment();
        direct_ = other;
        return SendAgain(now, false);
      }
      return absl::OkStatus();
    }
    return OnSilence(now);
  }

  absl::Status OnSilence(Clock::time_point now) {
    target_.avoid_group_until = now + kAvoidGroup;
    target_.Forget(holder_.empty() ? direct_ : holder_);
    if (attempts_ >= kAttemptsMax) return absl::UnavailableError("nobody shows a sign of life");
    if (!caller_.budget_.TakeForSilence(now)) {
      gave_up_ = true;  // an answer may come yet
      return absl::OkStatus();
    }
    ExtraAttempts("silence").Increment();
    lost_ = holder_;
    direct_ = target_.Alive(holder_, now);
    if (!producer_.empty()) {
      lost_ = producer_;
      producer_.clear();
      if (query_.on_restart) query_.on_restart();
    }
    return SendAgain(now, true);
  }

  absl::Status SendAgain(Clock::time_point now, bool former_lost) {
    ++attempts_;
    if (former_lost) heard_ = now;
    return stream_->SendAgain(Subject(), Headers(), query_.payload, former_lost);
  }

  Caller& caller_;
  Target& target_;
  const Query& query_;
  const Context& context_;
  const std::string sender_;  // of its own: a process that ends may drop the caller first
  std::unique_ptr<bus::ReplyStream> stream_;
  int attempts_ = 1;
  bool open_ = true;      // somebody may work on it
  bool gave_up_ = false;  // no further attempts
  std::string direct_;    // the replica asked last; empty: the queue group
  std::string holder_;    // the replica that is known to work on it
  std::string producer_;  // the replica whose parts are taken
  std::string lost_;      // the replica whose parts are no longer wanted
  Clock::time_point began_, heard_, hedge_at_;
};

Awaitable<absl::StatusOr<bus::Message>> Caller::Send(Query query, Context context) {
  if (context.deadline.expired()) {
    co_return absl::DeadlineExceededError("the deadline had passed before the request was sent");
  }
  Target& target = targets_[query.subject];
  Exchange exchange(*this, target, query, context);
  co_return co_await exchange.Run();
}

}  // namespace switchboard::runtime
