// Simulated JetStream: the part of its API that the mesh uses, on the simulated server.
//
// Streams keep what they have acknowledged, whatever happens to the server or a process. Direct
// gets may come from a replica that is behind, as those of a cluster do.
#pragma once

#include <map>
#include <string>

#include "tests/sim/consumer.h"
#include "tests/sim/stream.h"

namespace switchboard::sim {

class JetStream {
 public:
  explicit JetStream(Broker& broker);

  // True when the packet was for JetStream: a stream's subject, a call of the API, an
  // acknowledgement.
  bool Take(const PacketPtr& packet);

  // Null when there is no such stream.
  const Stream* stream(const std::string& name) const;

  Sabotage sabotage;
  // How far behind the replica that answers a direct get may be.
  std::chrono::microseconds lag_most{0};
  std::chrono::microseconds store_time_most{1000};

 private:
  struct Api;  // one call: operation, its arguments, who asks
  void StoreIn(Stream& stream, const PacketPtr& packet);
  void Call(const PacketPtr& packet);
  void CallStream(std::string_view verb, const Api& api);
  void CallConsumer(std::string_view verb, const Api& api);
  void DirectGet(const Api& api);
  void Acknowledge(const PacketPtr& packet);
  void Answer(const std::string& reply, bus::Headers headers, std::string payload);
  void AnswerError(const std::string& reply, int code, int error_code, std::string_view text);
  Stream* Find(std::string_view name);

  Broker& broker_;
  std::map<std::string, Stream> streams_;
  // By "stream.consumer".
  std::map<std::string, Consumer> consumers_;
};

}  // namespace switchboard::sim
