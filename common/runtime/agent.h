// The agent runtime: everything around a pure handler.
//
// An agent's author writes functions from request to reply and lists them as verbs:
//
//   struct Config { std::string model; static Config Read(config::Reader& reader); };
//
//   int main(int argc, char** argv) {
//     return runtime::Run<Config>(argc, argv, {.name = "intent-classifier", .description = "…"},
//         [](runtime::Agent& agent, const Config& config) -> absl::Status {
//           ASSIGN_OR_RETURN(auto classifier, Classifier::Load(config.model));
//           agent.Handle<v1::ClassifyRequest, v1::ClassifyReply>("classify", Handler(classifier));
//           return absl::OkStatus();
//         });
//   }
//
// The runtime subscribes `mesh.agent.<name>.<verb>` in the queue group <name>, decodes protobuf or
// JSON, refuses expired deadlines and input that breaks the contract's field rules, limits what is
// in flight, counts, times and traces, answers $SRV.PING/INFO/STATS, serves /livez, /readyz and
// /metrics, and drains on SIGTERM: no new work, finish what is in hand, flush, exit 0.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/asio.h"
#include "common/base/fault.h"
#include "common/bus/connection.h"
#include "common/config/reader.h"
#include "common/runtime/context.h"

namespace switchboard::runtime {

struct AgentInfo {
  // The executable's name and the token of its subjects: [a-z][a-z0-9-]*.
  std::string name;
  // One sentence, shown by `nats micro info` and --help.
  std::string description;
};

// What a handler asked with `stream` sends before its reply.
template <typename Chunk>
class Emitter {
 public:
  using Send = std::function<void(const google::protobuf::Message&)>;
  Emitter() = default;
  explicit Emitter(Send send) : send_(std::move(send)) {}
  void Emit(const Chunk& chunk) const {
    if (send_) send_(chunk);
  }

 private:
  Send send_;
};

class Agent {
 public:
  // What the runtime knows of a verb when the types are gone.
  struct Verb {
    std::string name;
    // Full subject; empty: mesh.agent.<agent>.<name>.
    std::string subject;
    const google::protobuf::Message* request = nullptr;  // default instances
    const google::protobuf::Message* reply = nullptr;
    using SendChunk = std::function<void(const google::protobuf::Message&)>;
    // Exactly one is set. `now` handles on the spot, without a coroutine.
    std::function<absl::Status(const Context&, const google::protobuf::Message&,
                               google::protobuf::Message&)>
        now;
    std::function<Awaitable<absl::Status>(Context, const google::protobuf::Message*,
                                          google::protobuf::Message*, SendChunk)>
        later;
    // Asked by operators, not on a turn's way: has its own reserve, so that a loaded agent still
    // answers it.
    bool reserved = false;
    // One line about a reply, free of personal data, for Mesh-Summary; may be empty.
    std::function<std::string(const google::protobuf::Message&)> summary;
  };

  // A verb that neither waits nor blocks: StatusOr<Reply> handler(const Context&, const Request&).
  template <typename Request, typename Reply, typename Handler>
  void Handle(std::string verb, Handler handler,
              std::function<std::string(const Reply&)> summary = nullptr) {
    Verb entry = Describe<Request, Reply>(std::move(verb), std::move(summary));
    entry.now = [handler = std::move(handler)](const Context& context,
                                               const google::protobuf::Message& request,
                                               google::protobuf::Message& reply) -> absl::Status {
      absl::StatusOr<Reply> result = handler(context, static_cast<const Request&>(request));
      if (!result.ok()) return std::move(result).status();
      static_cast<Reply&>(reply) = *std::move(result);
      return absl::OkStatus();
    };
    AddVerb(std::move(entry));
  }

  // A verb that waits: Awaitable<StatusOr<Reply>> handler(Context, Request).
  template <typename Request, typename Reply>
  void HandleAsync(std::string verb,
                   std::function<Awaitable<absl::StatusOr<Reply>>(Context, Request)> handler,
                   std::function<std::string(const Reply&)> summary = nullptr) {
    HandleStream<Request, Reply, Reply>(
        std::move(verb),
        [handler = std::move(handler)](Context context, Request request, Emitter<Reply>) {
          return handler(std::move(context), std::move(request));
        },
        std::move(summary));
  }

  // A verb that may send Chunks first: Awaitable<StatusOr<Reply>> handler(Context, Request,
  // Emitter<Chunk>). `subject` replaces mesh.agent.<agent>.<verb> where the verb has a place of its
  // own.
  template <typename Request, typename Chunk, typename Reply>
  void HandleStream(
      std::string verb,
      std::function<Awaitable<absl::StatusOr<Reply>>(Context, Request, Emitter<Chunk>)> handler,
      std::function<std::string(const Reply&)> summary = nullptr, std::string subject = "") {
    Verb entry = Describe<Request, Reply>(std::move(verb), std::move(summary));
    entry.subject = std::move(subject);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    entry.later = [shared](Context context, const google::protobuf::Message* request,
                           google::protobuf::Message* reply, Verb::SendChunk send) {
      return Adapt<Request, Chunk, Reply>(shared, std::move(context), request, reply,
                                          std::move(send));
    };
    AddVerb(std::move(entry));
  }

  // Marks a verb that was listed before as an operator's (Verb::reserved).
  virtual void Reserve(std::string_view verb) = 0;

  virtual bus::Connection& bus() = 0;
  virtual asio::io_context& io() = 0;
  virtual const AgentInfo& info() const = 0;
  virtual const std::string& instance_id() const = 0;
  // Replicas of the streams and buckets this mesh creates: 1, or 3 on a cluster.
  virtual int stream_replicas() const = 0;
  // Bound of the stream WORK, messages.
  virtual int work_messages_max() const = 0;

  // Listed by /readyz under `name`; Ok means ready. Called on the loop for each probe: must be
  // cheap.
  virtual void AddReadinessCheck(std::string name, std::function<absl::Status()> check) = 0;
  // Every check with its state, as /readyz shows it: {"ready":true,"checks":{"nats":"ok",…}}.
  virtual std::string ReadinessJson(bool* ready) = 0;
  // Runs on the loop before intake begins (streams, buckets, first load). An error stops the
  // process.
  virtual void OnStart(std::function<Awaitable<absl::Status>()> hook) = 0;
  // Runs on the loop when SIGTERM has arrived, before the handlers in hand are waited for: stop
  // taking work that does not come from the bus.
  virtual void OnDrain(std::function<void()> hook) = 0;
  // Runs on the loop after the last handler has ended.
  virtual void OnStop(std::function<Awaitable<void>()> hook) = 0;
  // A background task, started after the OnStart hooks and joined when the process stops (within
  // the drain time); `stop`, if given, is called to end it.
  virtual void Spawn(std::string name, std::function<Awaitable<void>()> task,
                     std::function<void()> stop = nullptr) = 0;
  // The pool for work that blocks (SQLite, index builds).
  virtual asio::any_io_executor blocking_executor() = 0;

  virtual ~Agent() = default;

 protected:
  virtual void AddVerb(Verb verb) = 0;

 private:
  template <typename Request, typename Reply>
  static Verb Describe(std::string name, std::function<std::string(const Reply&)> summary) {
    Verb verb;
    verb.name = std::move(name);
    verb.request = &Request::default_instance();
    verb.reply = &Reply::default_instance();
    if (summary) {
      verb.summary = [summary = std::move(summary)](const google::protobuf::Message& reply) {
        return summary(static_cast<const Reply&>(reply));
      };
    }
    return verb;
  }

  template <typename Request, typename Chunk, typename Reply>
  static Awaitable<absl::Status> Adapt(
      std::shared_ptr<
          std::function<Awaitable<absl::StatusOr<Reply>>(Context, Request, Emitter<Chunk>)>>
          handler,
      Context context, const google::protobuf::Message* request, google::protobuf::Message* reply,
      Verb::SendChunk send) {
    absl::StatusOr<Reply> result = co_await (*handler)(
        std::move(context), static_cast<const Request&>(*request), Emitter<Chunk>(std::move(send)));
    if (!result.ok()) co_return std::move(result).status();
    *static_cast<Reply*>(reply) = *std::move(result);
    co_return absl::OkStatus();
  }
};

// Runs `work` on the blocking pool and resumes the caller on its own executor.
template <typename Work>
Awaitable<std::invoke_result_t<Work>> Blocking(asio::any_io_executor pool, Work work) {
  // The co_spawn's completion is dispatched to the awaiting coroutine's executor.
  co_return co_await asio::co_spawn(
      pool,
      [](Work inner) -> Awaitable<std::invoke_result_t<Work>> {
        co_return inner();
      }(std::move(work)),
      asio::use_awaitable);
}

// The rest of the process's life: reads configuration, connects, sets up, serves, drains. Returns
// the exit code.
using Setup = std::function<absl::Status(Agent&)>;
int RunAgent(int argc, char** argv, AgentInfo info,
             std::function<void(config::Reader&)> read_config, Setup setup);

template <typename Config>
int Run(int argc, char** argv, AgentInfo info,
        std::function<absl::Status(Agent&, const Config&)> setup) {
  Config config;
  return RunAgent(
      argc, argv, std::move(info),
      [&config](config::Reader& reader) { config = Config::Read(reader); },
      [&config, &setup](Agent& agent) { return setup(agent, config); });
}

}  // namespace switchboard::runtime
