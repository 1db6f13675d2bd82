#include "gateway/agent_directory.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/fault.h"
#include "common/base/strings.h"

namespace switchboard::gateway {
namespace {

// The executable's own introduction is no agent.
constexpr std::string_view kSelf = "gateway";

std::string Text(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Each endpoint `mesh.agent.<agent>.<verb>`: the verb, and the message it takes.
std::map<std::string, std::string, std::less<>> Verbs(const nlohmann::json& info) {
  std::map<std::string, std::string, std::less<>> verbs;
  const auto endpoints = info.find("endpoints");
  if (endpoints == info.end() || !endpoints->is_array()) return verbs;
  for (const auto& endpoint : *endpoints) {
    if (!endpoint.is_object()) continue;
    const std::string subject = Text(endpoint, "subject");
    if (!subject.starts_with("mesh.agent.")) continue;
    const auto metadata = endpoint.find("metadata");
    verbs[subject.substr(subject.rfind('.') + 1)] =
        metadata != endpoint.end() && metadata->is_object() ? Text(*metadata, "request") : "";
  }
  return verbs;
}

}  // namespace

const std::vector<std::string>& ExpectedAgents() {
  static const auto* names =
      new std::vector<std::string>{"critic-supervisor",  "intent-classifier", "knowledge-retrieval",
                                   "response-generator", "escalation",        "analytics"};
  return *names;
}

AgentDirectory::AgentDirectory(bus::Connection& connection)
    : connection_(connection), inbox_(connection.NewInbox()), timer_(connection.io()) {
  for (const auto& name : ExpectedAgents()) entries_[name];
}

absl::Status AgentDirectory::Start() {
  auto subscription =
      connection_.Subscribe(inbox_, "", [this](bus::Message message) { Learn(message.payload()); });
  if (!subscription.ok()) return subscription.status();
  subscription_ = *std::move(subscription);
  return absl::OkStatus();
}

Awaitable<void> AgentDirectory::Run() {
  while (!stopped_) {
    // Not connected: nobody hears, and the entries grow old by themselves.
    (void)connection_.Publish("$SRV.INFO", {}, "", inbox_);
    timer_.expires_after(kInterval);
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void AgentDirectory::Stop() {
  stopped_ = true;
  timer_.cancel();
}

void AgentDirectory::Learn(std::string_view payload) {
  const auto info = nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!info.is_object()) return;
  const std::string name = Text(info, "name");
  const std::string id = Text(info, "id");
  if (name.empty() || id.empty() || name == kSelf) return;
  if (!entries_.contains(name) && entries_.size() >= kNamesMax) return;
  Entry& entry = entries_[name];
  entry.description = Text(info, "description");
  entry.version = Text(info, "version");
  if (auto verbs = Verbs(info); !verbs.empty()) entry.verbs = std::move(verbs);
  std::erase_if(entry.instances, [](const auto& instance) { return instance.second.expired(); });
  entry.instances.insert_or_assign(id, Deadline::After(kForgetAfter));
}

bool AgentDirectory::Present(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return false;
  return std::any_of(found->second.instances.begin(), found->second.instances.end(),
                     [](const auto& instance) { return !instance.second.expired(); });
}

bool AgentDirectory::Known(std::string_view name) const {
  return entries_.find(name) != entries_.end();
}

bool AgentDirectory::HasVerb(std::string_view name, std::string_view verb) const {
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.verbs.contains(verb);
}

std::vector<std::string> AgentDirectory::VerbsOf(std::string_view name) const {
  std::vector<std::string> verbs;
  const auto found = entries_.find(name);
  if (found == entries_.end()) return verbs;
  for (const auto& [verb, request] : found->second.verbs) verbs.push_back(verb);
  return verbs;
}

std::string AgentDirectory::RequestTypeOf(std::string_view name, std::string_view verb) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return "";
  const auto type = found->second.verbs.find(verb);
  return type == found->second.verbs.end() ? "" : type->second;
}

std::vector<AgentState> AgentDirectory::List() const {
  std::vector<AgentState> list;
  for (const auto& [name, entry] : entries_) {
    AgentState state{name, entry.description, entry.version, VerbsOf(name), 0};
    for (const auto& [id, until] : entry.instances) state.instances += until.expired() ? 0 : 1;
    list.push_back(std::move(state));
  }
  return list;
}

std::vector<std::string> AgentDirectory::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

}  // namespace switchboard::gateway
