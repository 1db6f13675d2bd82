#include "tests/sim/stream.h"

#include <algorithm>

#include "common/base/strings.h"

namespace switchboard::sim {
namespace {

// nats-server's errors.json.
constexpr int kWrongLastSequence = 10071;

bool HasWildcard(std::string_view pattern) {
  return pattern.find_first_of("*>") != std::string_view::npos;
}

}  // namespace

void Stream::Configure(const nlohmann::json& config) {
  name_ = config.value("name", "");
  subjects_ = config.value("subjects", std::vector<std::string>());
  work_queue_ = config.value("retention", "") == "workqueue";
  duplicate_window_ = std::chrono::nanoseconds(config.value("duplicate_window", int64_t{0}));
  if (const auto republish = config.find("republish"); republish != config.end()) {
    republish_from_ = republish->value("src", ">");
    republish_to_ = republish->value("dest", "");
    republish_headers_only_ = republish->value("headers_only", false);
  }
}

bool Stream::Captures(std::string_view subject) const {
  return std::any_of(subjects_.begin(), subjects_.end(),
                     [&](const std::string& pattern) { return Matches(pattern, subject); });
}

Stream::Ack Stream::Store(const PacketPtr& packet, Simulation& simulation,
                          const Sabotage& sabotage) {
  // The server's order: first whether it knows the message, then whether the writer knows the last.
  const std::string id(packet->Header("Nats-Msg-Id"));
  if (!id.empty() && !sabotage.message_id_ignored) {
    const auto seen = ids_.find(id);
    if (seen != ids_.end() && simulation.now() - seen->second.at < duplicate_window_) {
      return {seen->second.sequence, true, 0};
    }
  }
  std::vector<uint64_t>& same_subject = by_subject_[packet->subject];
  uint64_t expected = 0;
  if (SimpleAtoi(packet->Header("Nats-Expected-Last-Subject-Sequence"), &expected) &&
      !sabotage.expected_sequence_ignored &&
      expected != (same_subject.empty() ? 0 : same_subject.back())) {
    return {0, false, kWrongLastSequence};
  }
  const uint64_t sequence = ++last_sequence_;
  const double lost = std::max(sabotage.writes_lost, work_queue_ ? sabotage.work_lost : 0);
  if (lost > 0 && simulation.random().Chance(lost)) {
    return {sequence, false, 0};
  }
  messages_[sequence] = {sequence, packet, simulation.now()};
  same_subject.push_back(sequence);
  if (!id.empty()) ids_[id] = {sequence, simulation.now()};
  return {sequence, false, 0};
}

void Stream::Remove(uint64_t sequence) {
  const auto found = messages_.find(sequence);
  if (found == messages_.end()) return;
  std::erase(by_subject_[found->second.packet->subject], sequence);
  messages_.erase(found);
}

const StoredMessage* Stream::Get(uint64_t sequence) const {
  const auto found = messages_.find(sequence);
  return found == messages_.end() ? nullptr : &found->second;
}

const StoredMessage* Stream::Last(const std::string& subject, Clock::time_point as_of) const {
  const auto found = by_subject_.find(subject);
  if (found == by_subject_.end()) return nullptr;
  for (auto sequence = found->second.rbegin(); sequence != found->second.rend(); ++sequence) {
    const StoredMessage* message = Get(*sequence);
    if (message != nullptr && message->at <= as_of) return message;
  }
  return nullptr;
}

const StoredMessage* Stream::Next(std::string_view pattern, uint64_t sequence,
                                  Clock::time_point as_of) const {
  if (!HasWildcard(pattern)) {
    const auto found = by_subject_.find(std::string(pattern));
    if (found == by_subject_.end()) return nullptr;
    const auto first = std::lower_bound(found->second.begin(), found->second.end(), sequence);
    if (first == found->second.end()) return nullptr;
    const StoredMessage* message = Get(*first);
    return message != nullptr && message->at <= as_of ? message : nullptr;
  }
  for (auto next = messages_.lower_bound(sequence); next != messages_.end(); ++next) {
    if (next->second.at > as_of) return nullptr;
    if (Matches(pattern, next->second.packet->subject)) return &next->second;
  }
  return nullptr;
}

// Only what the mesh uses: {{wildcard(n)}} stands for what the n-th "*" caught.
std::string Stream::RepublishSubject(std::string_view subject) const {
  if (republish_to_.empty() || !Matches(republish_from_, subject)) return "";
  std::string again = republish_to_;
  const std::vector<std::string_view> pattern = StrSplit(republish_from_, '.');
  const std::vector<std::string_view> tokens = StrSplit(subject, '.');
  int number = 0;
  for (size_t i = 0; i < pattern.size() && i < tokens.size(); ++i) {
    if (pattern[i] != "*") continue;
    const std::string place = StrCat("{{wildcard(", ++number, ")}}");
    if (const size_t at = again.find(place); at != std::string::npos) {
      again.replace(at, place.size(), tokens[i]);
    }
  }
  return again;
}

}  // namespace switchboard::sim
