// Requests to agents that survive the agent: what every process of the mesh asks another with.
//
// One reply subject collects the answers of all attempts, and the first whole answer wins:
//
// - Who works on a request for longer than 250 ms says so. Three intervals of silence mean that it
//   is gone or frozen: the request goes out again, to a replica that was heard lately if there is
//   one. For two seconds further requests avoid the queue group and go to such a replica directly.
// - A request that asks for it (`hedge`) goes out a second time when it takes longer than 95 of 100
//   lately did and another replica is known.
// - Extra attempts come out of a budget: a tenth of the requests, and for silence ten a second
//   besides, so that a sick mesh is not buried under its own retries.
// - Who stops waiting says so on `mesh.cancel`, and those who still work on it stop.
//
// Only for requests that may be handled twice. One per process, on its loop; it must outlive the
// requests in hand.
//
//   Caller caller(bus, "critic-supervisor");
//   absl::StatusOr<v1::SearchReply> found = co_await caller.Call<v1::SearchReply>(
//       AgentSubject("knowledge-retrieval", "search"), context, request);
#pragma once

#include <google/protobuf/message.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"
#include "common/bus/connection.h"
#include "common/runtime/call.h"
#include "common/runtime/context.h"

namespace switchboard::runtime {

class Caller {
 public:
  struct Query {
    std::string subject;
    std::string type;     // protobuf message name
    std::string payload;  // its bytes
    // Send a second time when the answer is late.
    bool hedge = false;
    // Called for each part before the last reply, all from one replica. An error ends the request
    // with this error.
    std::function<absl::Status(const bus::Message&)> on_part;
    // The parts so far will not be continued: another replica begins anew.
    std::function<void()> on_restart;
  };

  Caller(bus::Connection& bus, std::string sender) : bus_(bus), sender_(std::move(sender)) {}

  // The last reply, which may be an error of the agent's own (ReplyStatus). Otherwise Unavailable:
  // nobody listens, none of four attempts showed a sign of life, or the connection was lost.
  // DeadlineExceeded. Cancelled.
  Awaitable<absl::StatusOr<bus::Message>> Send(Query query, Context context);

  // The decoded reply, or the agent's error.
  template <typename Reply, typename Request>
  Awaitable<absl::StatusOr<Reply>> Call(std::string subject, Context context, Request request,
                                        bool hedge = false) {
    Query query;
    query.subject = std::move(subject);
    query.type = request.GetTypeName();
    query.payload = Encode(request);
    query.hedge = hedge;
    absl::StatusOr<bus::Message> message = co_await Send(std::move(query), std::move(context));
    co_return DecodeReply<Reply>(message);
  }

  bus::Connection& bus() { return bus_; }

  // What 95 of 100 answers on `subject` took at most, lately; 0 while too few are known.
  Clock::duration Usual(const std::string& subject) const;

 private:
  struct Instance {
    std::string id;
    Clock::time_point heard;
  };
  // What is known of those who answer on one subject.
  struct Target {
    std::array<Clock::duration, 128> took{};  // a ring
    size_t answers = 0;
    Clock::duration usual{0};
    std::vector<Instance> instances;  // at most kInstancesMax
    Clock::time_point avoid_group_until{};

    void OnAnswer(Clock::duration duration);
    void OnHeard(std::string_view instance, Clock::time_point now);
    void Forget(const std::string& instance);
    // The replica heard last, lately, that is not `except`; empty: none.
    std::string Alive(const std::string& except, Clock::time_point now) const;
  };
  struct Budget {
    double earned = 0;
    double floor = 10;
    Clock::time_point filled{};
    void OnRequest();
    bool Take();
    bool TakeForSilence(Clock::time_point now);
  };
  class Exchange;

  bus::Connection& bus_;
  const std::string sender_;
  absl::node_hash_map<std::string, Target> targets_;
  Budget budget_;
};

}  // namespace switchboard::runtime
