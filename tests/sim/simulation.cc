#include "tests/sim/simulation.h"

#include <algorithm>
#include <cstdio>

#include "common/base/strings.h"

namespace switchboard::sim {
namespace {

// Not zero, so that a deadline before the beginning can be told.
constexpr Clock::time_point kBeginning{std::chrono::seconds(1000)};

// FNV-1a.
void Mix(uint64_t& hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  hash = (hash ^ 0xff) * 1099511628211u;
}

// Conversations that a first message opens have random names (UUID version 7): no two runs of a
// seed agree on them, so the diary calls all of them the same.
std::string WithoutRandomNames(std::string_view text) {
  constexpr size_t kLength = 36;
  std::string out(text);
  for (size_t dash = out.find("-7"); dash != std::string::npos; dash = out.find("-7", dash + 1)) {
    constexpr size_t kBefore = 13;  // of the version's dash
    if (dash < kBefore || dash - kBefore + kLength > out.size()) continue;
    if (out[dash - 5] == '-' && out[dash + 5] == '-' && out[dash + 10] == '-') {
      out.replace(dash - kBefore, kLength, "random");
      dash -= kBefore;
    }
  }
  return out;
}

}  // namespace

Simulation::Simulation(uint64_t seed, bool keep_diary)
    : random_(seed), keep_diary_(keep_diary), now_(kBeginning) {
  Clock::Simulate(&now_);
}

Simulation::~Simulation() { Clock::Simulate(nullptr); }

std::chrono::microseconds Simulation::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(now_ - kBeginning);
}

bool Simulation::Later(const Entry& a, const Entry& b) {
  return a.at != b.at ? a.at > b.at : a.number > b.number;
}

void Simulation::After(Clock::duration delay, std::function<void()> action) {
  agenda_.push_back({now_ + delay, ++last_number_, std::move(action)});
  std::push_heap(agenda_.begin(), agenda_.end(), &Later);
}

bool Simulation::RunFor(Clock::duration duration) {
  const Clock::time_point end = now_ + duration;
  while (Step(end)) {
    if (++steps_ > kStepsMax) return false;
  }
  now_ = end;
  return true;
}

bool Simulation::Step(Clock::time_point end) {
  Sleeper* first = nullptr;
  Clock::time_point at = Clock::time_point::max();
  for (Sleeper* sleeper : sleepers_) {
    if (sleeper->wake_at() < at) {
      at = sleeper->wake_at();
      first = sleeper;
    }
  }
  const bool from_agenda = !agenda_.empty() && agenda_.front().at <= at;
  if (from_agenda) at = agenda_.front().at;
  if (at > end) return false;
  now_ = std::max(now_, at);
  if (!from_agenda) {
    first->Wake();
    return true;
  }
  std::pop_heap(agenda_.begin(), agenda_.end(), &Later);
  const std::function<void()> action = std::move(agenda_.back().action);
  agenda_.pop_back();
  action();
  return true;
}

void Simulation::Note(std::string_view who, std::string_view what, std::string_view exact_whom) {
  const std::string whom = WithoutRandomNames(exact_whom);
  const auto at = elapsed().count();
  Mix(hash_, {reinterpret_cast<const char*>(&at), sizeof(at)});
  Mix(hash_, who);
  Mix(hash_, what);
  Mix(hash_, whom);
  // Introductions are half of all there is, and never the cause.
  if (!keep_diary_ || whom.find(".own.") != std::string::npos || whom == "$SRV.INFO") return;
  char stamp[32];
  std::snprintf(stamp, sizeof(stamp), "%11.6f ", static_cast<double>(at) / 1e6);
  diary_.push_back(StrCat(stamp, who, " ", what, " ", whom));
}

}  // namespace switchboard::sim
