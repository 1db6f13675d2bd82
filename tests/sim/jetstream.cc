#include "tests/sim/jetstream.h"

#include "absl/strings/escaping.h"
#include "common/base/strings.h"

namespace switchboard::sim {

using nlohmann::json;

namespace {

constexpr std::string_view kApi = "$JS.API.";
constexpr std::string_view kAck = "$JS.ACK.";

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// The first token; `text` loses it and its dot.
std::string_view TakeToken(std::string_view& text) {
  const size_t dot = text.find('.');
  const std::string_view token = text.substr(0, dot);
  text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  return token;
}

std::string Base64(std::string_view bytes) { return absl::Base64Escape(ToAbsl(bytes)); }

std::string HeaderBlock(const bus::Headers& headers) {
  std::string block = "NATS/1.0\r\n";
  for (const auto& [name, value] : headers) StrAppend(&block, name, ": ", value, "\r\n");
  return block + "\r\n";
}

}  // namespace

struct JetStream::Api {
  std::string_view rest;  // of the subject, behind the verb
  json request;
  const std::string& reply;
};

JetStream::JetStream(Broker& broker) : broker_(broker) {}

const Stream* JetStream::stream(const std::string& name) const {
  const auto found = streams_.find(name);
  return found == streams_.end() ? nullptr : &found->second;
}

Stream* JetStream::Find(std::string_view name) {
  const auto found = streams_.find(std::string(name));
  return found == streams_.end() ? nullptr : &found->second;
}

bool JetStream::Take(const PacketPtr& packet) {
  if (StartsWith(packet->subject, kApi)) {
    Call(packet);
    return true;
  }
  if (StartsWith(packet->subject, kAck)) {
    Acknowledge(packet);
    return true;
  }
  for (auto& [name, stream] : streams_) {
    if (!stream.Captures(packet->subject)) continue;
    StoreIn(stream, packet);
    return true;
  }
  return false;
}

void JetStream::StoreIn(Stream& stream, const PacketPtr& packet) {
  const Stream::Ack ack = stream.Store(packet, broker_.simulation(), sabotage);
  const bool stored = ack.error == 0 && !ack.duplicate;
  broker_.simulation().Note(stream.name(),
                            stored          ? "stores"
                            : ack.duplicate ? "has already"
                                            : "refuses",
                            StrCat(packet->subject, " ", ack.sequence));
  if (ack.error != 0) {
    AnswerError(packet->reply, 400, ack.error, "wrong last sequence");
  } else {
    json reply = {{"stream", stream.name()}, {"seq", ack.sequence}};
    if (ack.duplicate) reply["duplicate"] = true;
    Answer(packet->reply, {}, reply.dump());
  }
  if (!stored) return;
  // Whoever listens hears of it as of any message.
  broker_.Route(packet);
  if (std::string again = stream.RepublishSubject(packet->subject); !again.empty()) {
    auto copy = std::make_shared<Packet>(*packet);
    copy->subject = std::move(again);
    copy->reply.clear();
    copy->headers.emplace_back("Nats-Sequence", StrCat(ack.sequence));
    if (stream.republish_headers_only()) copy->payload.clear();
    broker_.Route(copy);
  }
  for (auto& [name, consumer] : consumers_) consumer.Pump();
}

void JetStream::Answer(const std::string& reply, bus::Headers headers, std::string payload) {
  if (reply.empty()) return;
  auto packet = std::make_shared<Packet>(Packet{reply, "", std::move(headers), std::move(payload)});
  const auto time = broker_.simulation().random().Between({}, store_time_most);
  broker_.simulation().After(time, [this, packet] {
    if (!broker_.down()) broker_.Route(packet);
  });
}

void JetStream::AnswerError(const std::string& reply, int code, int error_code,
                            std::string_view text) {
  const json error = {{"code", code}, {"err_code", error_code}, {"description", text}};
  Answer(reply, {}, json{{"error", error}}.dump());
}

void JetStream::Call(const PacketPtr& packet) {
  std::string_view rest = packet->subject;
  rest.remove_prefix(kApi.size());
  const std::string_view kind = TakeToken(rest);
  json request =
      packet->payload.empty() ? json::object() : json::parse(packet->payload, nullptr, false);
  Api api{{}, std::move(request), packet->reply};
  if (kind == "DIRECT") {
    TakeToken(rest);
    api.rest = rest;
    return DirectGet(api);
  }
  // Verbs have one or two words: CREATE, MSG.GET, DURABLE.CREATE.
  std::string verb(TakeToken(rest));
  if (verb == "MSG" || verb == "DURABLE") StrAppend(&verb, ".", TakeToken(rest));
  api.rest = rest;
  if (kind == "STREAM") return CallStream(verb, api);
  if (kind == "CONSUMER") return CallConsumer(verb, api);
  AnswerError(packet->reply, 503, 0, "not simulated");
}

void JetStream::CallStream(std::string_view verb, const Api& api) {
  const std::string name(api.rest);
  if (verb == "CREATE" || verb == "UPDATE") {
    streams_[name].Configure(api.request);
    return Answer(api.reply, {}, json{{"config", api.request}}.dump());
  }
  Stream* stream = Find(name);
  if (stream == nullptr) return AnswerError(api.reply, 404, 10059, "stream not found");
  if (verb == "INFO") {
    const json state = {{"messages", stream->messages().size()},
                        {"last_seq", stream->last_sequence()}};
    return Answer(api.reply, {}, json{{"state", state}}.dump());
  }
  const auto sequence = api.request.value("seq", uint64_t{0});
  if (verb == "MSG.DELETE") {
    if (stream->Get(sequence) == nullptr) {
      return AnswerError(api.reply, 404, 10037, "no message found");
    }
    stream->Remove(sequence);
    return Answer(api.reply, {}, json{{"success", true}}.dump());
  }
  if (verb != "MSG.GET") return AnswerError(api.reply, 503, 0, "not simulated");
  const std::string last = api.request.value("last_by_subj", "");
  // Asked of the leader: never behind.
  const std::string next = api.request.value("next_by_subj", "");
  const Clock::time_point now = broker_.simulation().now();
  const StoredMessage* message = !last.empty()   ? stream->Last(last, now)
                                 : !next.empty() ? stream->Next(next, sequence, now)
                                                 : stream->Get(sequence);
  if (message == nullptr) return AnswerError(api.reply, 404, 10037, "no message found");
  const json found = {{"subject", message->packet->subject},
                      {"seq", message->sequence},
                      {"hdrs", Base64(HeaderBlock(message->packet->headers))},
                      {"data", Base64(message->packet->payload)},
                      {"time", "2026-01-01T00:00:00Z"}};
  Answer(api.reply, {}, json{{"message", found}}.dump());
}

void JetStream::DirectGet(const Api& api) {
  std::string_view rest = api.rest;
  Stream* stream = Find(TakeToken(rest));
  if (stream == nullptr) {
    return Answer(api.reply, {{"Status", "404"}, {"Description", "Stream Not Found"}}, "");
  }
  Simulation& simulation = broker_.simulation();
  const Clock::time_point as_of = simulation.now() - simulation.random().Between({}, lag_most);
  const std::string last = rest.empty() ? api.request.value("last_by_subj", "") : std::string(rest);
  const auto sequence = api.request.value("seq", uint64_t{0});
  const StoredMessage* message = nullptr;
  if (!last.empty()) {
    message = stream->Last(last, as_of);
  } else if (const std::string next = api.request.value("next_by_subj", ""); !next.empty()) {
    message = stream->Next(next, sequence, as_of);
  } else {
    message = stream->Get(sequence);
    if (message != nullptr && message->at > as_of) message = nullptr;
  }
  if (message == nullptr) {
    return Answer(api.reply, {{"Status", "404"}, {"Description", "Message Not Found"}}, "");
  }
  bus::Headers headers = message->packet->headers;
  headers.emplace_back("Nats-Stream", stream->name());
  headers.emplace_back("Nats-Subject", message->packet->subject);
  headers.emplace_back("Nats-Sequence", StrCat(message->sequence));
  Answer(api.reply, std::move(headers), message->packet->payload);
}

void JetStream::CallConsumer(std::string_view verb, const Api& api) {
  std::string_view rest = api.rest;
  const std::string stream_name(TakeToken(rest));
  const std::string name(TakeToken(rest));
  Stream* stream = Find(stream_name);
  if (stream == nullptr) return AnswerError(api.reply, 404, 10059, "stream not found");
  const std::string key = StrCat(stream_name, ".", name);
  if (verb == "DURABLE.CREATE" || verb == "CREATE") {
    auto& consumer = consumers_.try_emplace(key, broker_, *stream, name).first->second;
    consumer.Configure(api.request.value("config", json::object()));
    return Answer(api.reply, {}, json{{"name", name}}.dump());
  }
  const auto found = consumers_.find(key);
  if (found == consumers_.end()) return AnswerError(api.reply, 404, 10014, "consumer not found");
  if (verb == "MSG.NEXT") return found->second.Pull(api.reply, api.request);
  if (verb == "INFO") return Answer(api.reply, {}, found->second.Info().dump());
  AnswerError(api.reply, 503, 0, "not simulated");
}

void JetStream::Acknowledge(const PacketPtr& packet) {
  std::string_view rest = packet->subject;
  rest.remove_prefix(kAck.size());
  const std::string stream(TakeToken(rest));
  const std::string consumer(TakeToken(rest));
  TakeToken(rest);
  uint64_t sequence = 0;
  if (!SimpleAtoi(TakeToken(rest), &sequence)) return;
  const auto found = consumers_.find(StrCat(stream, ".", consumer));
  if (found == consumers_.end()) return;
  found->second.Acknowledge(sequence, packet->payload);
  Answer(packet->reply, {}, "");
}

}  // namespace switchboard::sim
