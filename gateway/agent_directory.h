// Which agents are there: every two seconds the gateway asks all services of the mesh to introduce
// themselves ($SRV.INFO of the NATS services protocol, ADR-32) and remembers who answered.
//
//   AgentDirectory directory(agent.bus());
//   RETURN_IF_ERROR(directory.Start());
//   agent.Spawn("agents", [&] { return directory.Run(); }, [&] { directory.Stop(); });
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/base/asio.h"
#include "common/base/deadline.h"
#include "common/bus/connection.h"
#include "gateway/operations.h"

namespace switchboard::gateway {

// The agents without which an answer is not whole, in the order a turn meets them.
const std::vector<std::string>& ExpectedAgents();

class AgentDirectory {
 public:
  static constexpr std::chrono::milliseconds kInterval{2000};
  // Two introductions missed and a little more.
  static constexpr std::chrono::milliseconds kForgetAfter{5000};
  // Services other than agents may share the server; no more than so many names are remembered.
  static constexpr size_t kNamesMax = 256;

  explicit AgentDirectory(bus::Connection& connection);

  // Listens for introductions. Call once, before Run.
  absl::Status Start();
  // Asks until Stop().
  Awaitable<void> Run();
  void Stop();

  // One introduction, the payload of an $SRV.INFO or PING reply; what is malformed is ignored.
  void Learn(std::string_view payload);

  // Heard within kForgetAfter.
  bool Present(std::string_view name) const;
  // Expected, or heard at any time.
  bool Known(std::string_view name) const;
  bool HasVerb(std::string_view name, std::string_view verb) const;
  // As it introduced itself, sorted; empty while it never did.
  std::vector<std::string> VerbsOf(std::string_view name) const;
  // The message that a verb takes ("switchboard.v1.SearchRequest"); empty when unknown.
  std::string RequestTypeOf(std::string_view name, std::string_view verb) const;
  // By name.
  std::vector<AgentState> List() const;
  // Sorted names, for error messages.
  std::vector<std::string> Names() const;

 private:
  struct Entry {
    std::string description;
    std::string version;
    std::map<std::string, std::string, std::less<>> verbs;  // with the type of their requests
    std::map<std::string, Deadline> instances;              // until when each counts as present
  };

  bus::Connection& connection_;
  std::string inbox_;
  bus::Subscription subscription_;
  Timer timer_;
  bool stopped_ = false;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace switchboard::gateway
