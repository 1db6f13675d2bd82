#include "cli/dlq/letter.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "cli/json.h"
#include "cli/message_view.h"
#include "cli/table.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/observability/trace.h"

namespace switchboard::cli::dlq {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kDeadPrefix = "mesh.dead.";
constexpr std::string_view kDeadHeaders = "Mesh-Dead-";
constexpr std::string_view kServerHeaders = "Nats-";
// Entries of Mesh-Dead-History on one line.
constexpr std::string_view kSeparator = " | ";
// Of a payload that is no message of the contract: enough to recognise it.
constexpr size_t kHexBytesMax = 256;

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

std::string Find(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::vector<std::string> SplitHistory(std::string_view history) {
  std::vector<std::string> entries;
  while (!history.empty()) {
    const size_t end = history.find(kSeparator);
    entries.emplace_back(history.substr(0, end));
    if (end == std::string_view::npos) break;
    history.remove_prefix(end + kSeparator.size());
  }
  return entries;
}

MessageView ToView(const Letter& letter) {
  MessageView view;
  view.type = letter.type;
  view.content_type = Find(letter.headers, "Content-Type");
  view.payload = letter.payload;
  return view;
}

ordered_json Payload(const Letter& letter) {
  const MessageView view = ToView(letter);
  ordered_json json;
  if (const auto message = DecodePayload(view)) {
    json = ordered_json::parse(ToJson(*message), nullptr, false);
  } else {
    json = ordered_json::parse(letter.payload, nullptr, false);
  }
  if (!json.is_discarded()) return json;
  return absl::BytesToHexString(ToAbsl(std::string_view(letter.payload).substr(0, kHexBytesMax)));
}

std::string FormatPayload(const Letter& letter) {
  const MessageView view = ToView(letter);
  if (const auto message = DecodePayload(view)) {
    return Printable(ToJson(*message, JsonStyle::kIndented));
  }
  if (view.content_type == "application/json") return StrCat(Printable(letter.payload), "\n");
  const std::string_view begin = std::string_view(letter.payload).substr(0, kHexBytesMax);
  return StrCat("(", letter.payload.size(), " bytes that are no ",
                letter.type.empty() ? "known type" : PrintableLine(letter.type), ")\n",
                absl::BytesToHexString(ToAbsl(begin)),
                letter.payload.size() > begin.size() ? "…" : "", "\n");
}

absl::Status Refused(std::string_view what, std::string_view remedy) {
  return WithRemedy(absl::FailedPreconditionError(ToAbsl(what)), remedy);
}

std::string Dump(const ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json ToObject(const Letter& letter) {
  ordered_json object = {{"id", letter.sequence},      {"time", letter.time},
                         {"origin", letter.origin},    {"subject", letter.from_subject},
                         {"reason", letter.reason},    {"deliveries", letter.deliveries},
                         {"turn", letter.turn},        {"conversation", letter.conversation},
                         {"type", letter.type},        {"bytes", letter.payload.size()},
                         {"trace_id", letter.trace_id}};
  return object;
}

}  // namespace

Letter ReadLetter(const Headers& headers, std::string payload) {
  Letter letter;
  (void)SimpleAtoi(Find(headers, "Nats-Sequence"), &letter.sequence);
  letter.time = Find(headers, "Nats-Time-Stamp");
  letter.subject = Find(headers, "Nats-Subject");
  if (StartsWith(letter.subject, kDeadPrefix)) {
    letter.origin = std::string(StrSplit(letter.subject, '.')[2]);
  }
  letter.reason = Find(headers, "Mesh-Dead-Reason");
  letter.from_subject = Find(headers, "Mesh-Dead-Subject");
  letter.from_sequence = Find(headers, "Mesh-Dead-Sequence");
  letter.deliveries = Find(headers, "Mesh-Dead-Deliveries");
  letter.history = SplitHistory(Find(headers, "Mesh-Dead-History"));
  for (const auto& header : headers) {
    if (StartsWith(header.first, kDeadHeaders) || StartsWith(header.first, kServerHeaders)) {
      continue;
    }
    letter.headers.push_back(header);
  }
  letter.type = Find(headers, "Mesh-Type");
  letter.turn = Find(headers, "Mesh-Turn");
  letter.conversation = Find(headers, "Mesh-Conversation");
  if (const auto trace = trace::Parse(Find(headers, "traceparent"))) {
    letter.trace_id = trace->trace_id;
  }
  letter.payload = std::move(payload);
  return letter;
}

absl::StatusOr<Replay> PlanReplay(const Letter& letter) {
  const std::string& subject = letter.from_subject;
  if (subject.empty()) {
    return Refused("it does not say where it came from",
                   "send it by hand, or drop it: switchboard dlq drop");
  }
  if (!StartsWith(subject, "mesh.") || subject.find_first_of("*> ") != std::string::npos) {
    return Refused(StrCat(subject, " is no subject of the mesh"),
                   "send it by hand, or drop it: switchboard dlq drop");
  }
  if (StartsWith(subject, kDeadPrefix)) {
    return Refused(StrCat(subject, " is a dead letter's own subject"),
                   "replay the letter that stands there");
  }
  if (StartsWith(subject, "mesh.turn.completed.") || StartsWith(subject, "mesh.event.")) {
    return Replay::kRedeliver;
  }
  return Replay::kStore;
}

std::string RetriedSubject(const Letter& letter) {
  for (const std::string_view subject :
       {std::string_view(letter.from_subject), std::string_view(letter.subject)}) {
    for (const std::string_view prefix : {"mesh.work.turn.", "mesh.dead.turn."}) {
      const std::string_view rest =
          StartsWith(subject, prefix) ? subject.substr(prefix.size()) : std::string_view();
      if (rest.find('.') != std::string_view::npos) return StrCat("mesh.event.turn.retried.", rest);
    }
  }
  return "";
}

std::string FormatLetter(const Letter& letter, const std::vector<Retry>& retries, bool payload) {
  Table table({"id", StrCat(letter.sequence)});
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) table.Add({name, value});
  };
  add("time", letter.time);
  add("origin", letter.origin);
  add("came from", letter.from_sequence.empty() || letter.from_sequence == "0"
                       ? letter.from_subject
                       : StrCat(letter.from_subject, " ", letter.from_sequence));
  add("reason", letter.reason);
  add("deliveries", letter.deliveries);
  add("conversation", letter.conversation);
  add("turn", letter.turn);
  add("trace", letter.trace_id);
  std::string out = table.Text();
  const auto section = [&](const char* title) { StrAppend(&out, "\n", title, "\n"); };
  if (!letter.history.empty()) section("history");
  for (const std::string& entry : letter.history) StrAppend(&out, "  ", PrintableLine(entry), "\n");
  if (!retries.empty()) section("failed deliveries (mesh.event.turn.retried)");
  for (const Retry& retry : retries) {
    StrAppend(&out, "  ", retry.delivery, " ", retry.time, " ", PrintableLine(retry.instance), " ",
              PrintableLine(retry.reason), "\n");
  }
  section("headers");
  for (const auto& [name, value] : letter.headers) {
    StrAppend(&out, "  ", PrintableLine(name), ": ", PrintableLine(value), "\n");
  }
  section("payload");
  if (payload) {
    StrAppend(&out, FormatPayload(letter));
  } else {
    StrAppend(&out, "  ", letter.type.empty() ? "unknown type" : PrintableLine(letter.type), ", ",
              letter.payload.size(), " bytes; --payload prints what the customer wrote\n");
  }
  return out;
}

std::string LetterJson(const Letter& letter, const std::vector<Retry>& retries, bool payload) {
  ordered_json object = ToObject(letter);
  object["sequence"] = letter.from_sequence;
  object["history"] = letter.history;
  object["retries"] = ordered_json::array();
  for (const Retry& retry : retries) {
    object["retries"].push_back({{"delivery", retry.delivery},
                                 {"time", retry.time},
                                 {"instance", retry.instance},
                                 {"reason", retry.reason}});
  }
  object["headers"] = ordered_json::object();
  for (const auto& [name, value] : letter.headers) object["headers"][name] = value;
  if (payload) object["payload"] = Payload(letter);
  return Dump(object, 2) + "\n";
}

std::string FormatLetters(const std::vector<Letter>& letters) {
  Table table({"id", "time", "origin", "came from", "deliveries", "turn", "reason"},
              {Table::kRight, Table::kLeft, Table::kLeft, Table::kLeft, Table::kRight});
  for (const Letter& letter : letters) {
    // To the second: the list is for finding one.
    table.Add({StrCat(letter.sequence), letter.time.substr(0, 19), letter.origin,
               letter.from_subject, letter.deliveries, letter.turn, letter.reason});
  }
  return table.Text();
}

std::string LettersJson(const std::vector<Letter>& letters) {
  std::string out;
  for (const Letter& letter : letters) StrAppend(&out, Dump(ToObject(letter), -1), "\n");
  return out;
}

}  // namespace switchboard::cli::dlq
