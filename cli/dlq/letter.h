// A dead letter, apart from the bus so that it can be tested: what it says of itself, how it is
// shown, and how it may be handled once more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/terminal.h"

namespace switchboard::cli::dlq {

// In order, as on the wire.
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Letter {
  // In the stream DEAD: the id that the commands take.
  uint64_t sequence = 0;
  // RFC 3339, when it was given up.
  std::string time;
  // mesh.dead.<origin>[.<conversation>.<turn token>]
  std::string subject;
  std::string origin;
  std::string reason;
  // Where the message was before, and its place there.
  std::string from_subject, from_sequence;
  // How often it was tried; empty when nobody counted.
  std::string deliveries;
  // "<n> <time> <instance> <reason>", one an attempt.
  std::vector<std::string> history;
  std::string type, turn, conversation, trace_id;
  // The message's own, without those of the dead letter and of JetStream.
  Headers headers;
  std::string payload;
};

// From a message of DEAD with its headers as a direct get returns them.
Letter ReadLetter(const Headers& headers, std::string payload);

// What replaying comes to.
enum class Replay {
  // Published to the subject where it was: a queue that holds it no more.
  kStore,
  // Its stream has it still and somebody who consumes that stream gave it up: the agent `origin` is
  // asked to handle it again. Published anew it would stand in the stream twice, and break the
  // order of its conversation.
  kRedeliver,
};
// FailedPrecondition, with the remedy: it cannot be replayed.
absl::StatusOr<Replay> PlanReplay(const Letter& letter);

// Subject of the events that tell of this turn's failed deliveries; empty when it is no turn's.
std::string RetriedSubject(const Letter& letter);

// A failed delivery, from such an event.
struct Retry {
  std::string time;
  uint32_t delivery = 0;
  std::string instance;
  std::string reason;
};

// With `payload` also what the customer wrote; else only its type and size.
std::string FormatLetter(const Letter& letter, const std::vector<Retry>& retries, bool payload);
std::string LetterJson(const Letter& letter, const std::vector<Retry>& retries, bool payload);

std::string FormatLetters(const std::vector<Letter>& letters);
// One object a line.
std::string LettersJson(const std::vector<Letter>& letters);

}  // namespace switchboard::cli::dlq
