// runtime::Agent for a simulated process: verbs on the real endpoints, without signals, probes and
// threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/runtime/agent.h"
#include "common/runtime/endpoint.h"
#include "common/runtime/in_flight.h"
#include "common/runtime/streams.h"
#include "tests/sim/programs.h"

namespace switchboard::sim {

class HostedAgent : public runtime::Agent, public Program {
 public:
  HostedAgent(Process& process, runtime::AgentInfo info, HandlerEnded ended,
              Clock::duration overtime);

  // Runs the start hooks, then listens; a process whose start fails ends.
  void Begin();
  int in_flight() const override { return in_flight_; }

  bus::Connection& bus() override { return process_.connection(); }
  asio::io_context& io() override { return process_.connection().io(); }
  const runtime::AgentInfo& info() const override { return info_; }
  const std::string& instance_id() const override { return process_.instance(); }
  int stream_replicas() const override { return 1; }
  int work_messages_max() const override { return runtime::kWorkMessagesMax; }
  void AddReadinessCheck(std::string, std::function<absl::Status()>) override {}
  std::string ReadinessJson(bool* ready) override {
    *ready = true;
    return "{}";
  }
  void OnStart(std::function<Awaitable<absl::Status>()> hook) override {
    start_hooks_.push_back(std::move(hook));
  }
  void Reserve(std::string_view verb) override {
    for (const auto& endpoint : endpoints_) {
      if (endpoint->verb().name == verb) endpoint->Reserve();
    }
  }
  void OnDrain(std::function<void()>) override {}
  void OnStop(std::function<Awaitable<void>()>) override {}
  void Spawn(std::string, std::function<Awaitable<void>()> task, std::function<void()>) override {
    background_.push_back(std::move(task));
  }
  asio::any_io_executor blocking_executor() override { return io().get_executor(); }

 protected:
  // While it lives something is in hand, also when that is cancelled, which comes as an exception.
  class Watcher {
   public:
    Watcher(HostedAgent* self, std::string what, Deadline deadline)
        : self_(self), what_(std::move(what)), deadline_(deadline) {
      ++self_->in_flight_;
    }
    ~Watcher() {
      --self_->in_flight_;
      self_->ended_(self_->process_, what_, deadline_);
    }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

   private:
    HostedAgent* const self_;
    const std::string what_;
    const Deadline deadline_;
  };

  void AddVerb(Verb verb) override;

 private:
  using Later = decltype(Verb::later);
  Awaitable<void> Start();
  absl::Status Listen();
  absl::Status TakeIn(const std::string& subject, const std::string& queue_group,
                      runtime::Endpoint* endpoint);
  // Runs `handler` and tells of its end.
  Awaitable<absl::Status> Watch(std::shared_ptr<const Later> handler, std::string verb,
                                runtime::Context context, const google::protobuf::Message* request,
                                google::protobuf::Message* reply, Verb::SendChunk send);

  Process& process_;
  const runtime::AgentInfo info_;
  const HandlerEnded ended_;
  const Clock::duration overtime_;
  runtime::InFlight in_hand_;
  int in_flight_ = 0;
  std::vector<std::unique_ptr<runtime::Endpoint>> endpoints_;
  std::vector<bus::Subscription> subscriptions_;
  std::vector<std::function<Awaitable<absl::Status>()>> start_hooks_;
  std::vector<std::function<Awaitable<void>()>> background_;
};

// Answers $SRV.INFO as `name`, so that gateways know that it is there.
absl::StatusOr<bus::Subscription> Introduce(bus::Connection& bus, const std::string& name,
                                            const std::string& instance);

}  // namespace switchboard::sim
