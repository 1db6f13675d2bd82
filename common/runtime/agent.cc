#include "common/runtime/agent.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "common/base/id.h"
#include "common/base/strings.h"
#include "common/http/probe_server.h"
#include "common/observability/log.h"
#include "common/runtime/call.h"
#include "common/runtime/endpoint.h"
#include "common/runtime/service_protocol.h"
#include "common/runtime/streams.h"
#include "switchboard/v1/event.pb.h"

namespace switchboard::runtime {
namespace {

// Settings that every process has.
struct CommonConfig {
  bus::Options bus;
  std::string log_level;
  std::string health_address;
  int health_port = 0;
  int in_flight_max = 0;
  int stream_replicas = 1;
  int work_messages_max = 0;
  std::chrono::milliseconds drain_timeout{};
  std::chrono::milliseconds start_timeout{};

  static CommonConfig Read(config::Reader& reader, const std::string& name) {
    CommonConfig config;
    config.bus.url = reader.String(
        {"NATS_URL", "NATS servers, comma separated; user and password may stand in the URL.",
         true},
        "nats://127.0.0.1:4222");
    config.bus.name = name;
    config.bus.inbox_prefix = reader.String(
        {"NATS_INBOX_PREFIX",
         "First tokens of reply subjects, where permissions give each agent its own."},
        "_INBOX");
    config.bus.tls_ca_file = reader.String(
        {"NATS_CA_FILE", "CA certificates for tls:// servers; empty: the system's."}, "");
    config.bus.connect_timeout = reader.Milliseconds(
        {"NATS_CONNECT_TIMEOUT_MS", "How long the start waits for NATS, milliseconds."}, 30000, 100,
        600000);
    config.log_level = reader.Choice({"LOG_LEVEL", "Least severe line that is written."}, "info",
                                     {"debug", "info", "warning", "error"});
    config.health_address = reader.String(
        {"HEALTH_ADDRESS", "Address of the probes' listener (/livez, /readyz, /metrics)."},
        "127.0.0.1");
    config.health_port = reader.Int(
        {"HEALTH_PORT", "Port of the probes' listener; 0 picks a free one."}, 8081, 0, 65535);
    config.in_flight_max = reader.Int(
        {"MAX_IN_FLIGHT",
         "Requests handled at once at most; more are refused with RESOURCE_EXHAUSTED. While "
         "requests have to wait for this process, the limit falls by itself."},
        1024, 1, 1000000);
    config.stream_replicas = reader.Int(
        {"STREAM_REPLICAS", "Copies of each stream: 1, or 3 on a cluster of NATS servers."}, 1, 1,
        5);
    config.bus.replicated = config.stream_replicas > 1;
    config.work_messages_max =
        reader.Int({"WORK_MESSAGES_MAX",
                    "Bound of the stream WORK (asynchronous turns and webhooks that wait), "
                    "messages. From nine tenths on, further turns are refused with 503. The "
                    "same for all processes."},
                   kWorkMessagesMax, 10, 100000000);
    config.drain_timeout = reader.Milliseconds(
        {"DRAIN_TIMEOUT_MS", "How long SIGTERM waits for work in hand, milliseconds."}, 15000, 0,
        300000);
    config.start_timeout = reader.Milliseconds(
        {"START_TIMEOUT_MS", "How long streams, buckets and first loads may take, milliseconds."},
        60000, 1000, 600000);
    return config;
  }
};

constexpr std::chrono::seconds kSelfTestLimit{10};

// Counts coroutines that must end before the process does.
class TaskGroup {
 public:
  explicit TaskGroup(asio::io_context& io) : io_(io) {}

  void Spawn(std::string name, Awaitable<void> task, std::function<void()> on_failure) {
    ++running_;
    asio::co_spawn(
        io_, std::move(task),
        [this, name = std::move(name),
         on_failure = std::move(on_failure)](std::exception_ptr error) {
          --running_;
          if (!error) return;
          try {
            std::rethrow_exception(error);
          } catch (const std::exception& exception) {
            log::Error("background task failed", {{"task", name}, {"error", exception.what()}});
          }
          on_failure();
        });
  }
  int running() const { return running_; }

 private:
  asio::io_context& io_;
  int running_ = 0;
};

class AgentProcess : public Agent {
 public:
  AgentProcess(asio::io_context& io, AgentInfo info, CommonConfig config)
      : io_(io),
        info_(std::move(info)),
        config_(std::move(config)),
        instance_id_(RandomHex(6)),
        pool_(1),
        tasks_(io),
        signals_(io, SIGTERM, SIGINT),
        start_limit_(io),
        probes_(io, [this](std::string_view path) { return Probe(path); }) {}

  absl::Status Connect() {
    ASSIGN_OR_RETURN(bus_, bus::Connection::Connect(io_, config_.bus));
    in_flight_ = std::make_unique<InFlight>(*bus_, info_.name, instance_id_, config_.in_flight_max);
    return absl::OkStatus();
  }

  absl::Status ListenForProbes() {
    absl::Status status = probes_.Listen(config_.health_address, config_.health_port);
    if (status.ok()) return status;
    return absl::Status(status.code(), StrCat("HEALTH_PORT: ", status.message()));
  }

  // Runs the loop until drained; the exit code.
  int Serve() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      BeginDrain();
      // The second signal is from somebody who does not want to wait.
      signals_.async_wait([this](const boost::system::error_code& again, int) {
        if (!again) std::_Exit(1);  // not a clean stop: a thread may wait for this very loop
      });
    });
    start_limit_.expires_after(config_.start_timeout);
    start_limit_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !started_)
        Fail(absl::DeadlineExceededError("START_TIMEOUT_MS: the start took too long"));
    });
    asio::co_spawn(io_, Start(), [this](std::exception_ptr error) {
      if (error) Fail(absl::InternalError("the start failed with an exception"));
    });
    io_.run();
    pool_.join();
    bus_->Close();
    return exit_code_;
  }

  bus::Connection& bus() override { return *bus_; }
  asio::io_context& io() override { return io_; }
  const AgentInfo& info() const override { return info_; }
  const std::string& instance_id() const override { return instance_id_; }
  int stream_replicas() const override { return config_.stream_replicas; }
  int work_messages_max() const override { return config_.work_messages_max; }
  asio::any_io_executor blocking_executor() override { return pool_.get_executor(); }

  void Reserve(std::string_view verb) override {
    for (const auto& endpoint : endpoints_) {
      if (endpoint->verb().name == verb) endpoint->Reserve();
    }
  }
  void AddReadinessCheck(std::string name, std::function<absl::Status()> check) override {
    checks_.emplace_back(std::move(name), std::move(check));
  }
  void OnStart(std::function<Awaitable<absl::Status>()> hook) override {
    start_hooks_.push_back(std::move(hook));
  }
  void OnDrain(std::function<void()> hook) override { drain_hooks_.push_back(std::move(hook)); }
  void OnStop(std::function<Awaitable<void>()> hook) override {
    stop_hooks_.push_back(std::move(hook));
  }
  void Spawn(std::string name, std::function<Awaitable<void>()> task,
             std::function<void()> stop) override {
    background_.push_back({std::move(name), std::move(task), std::move(stop)});
  }

  std::string ReadinessJson(bool* ready) override {
    nlohmann::ordered_json checks;
    bool all = started_ && !draining_;
    if (!started_) checks["start"] = "not finished";
    if (draining_) checks["drain"] = "stopping";
    const bool connected = bus_->state() == bus::State::kConnected;
    checks["nats"] = connected ? "ok" : "reconnecting";
    all = all && connected;
    for (const auto& [name, check] : checks_) {
      const absl::Status status = check();
      checks[name] = status.ok() ? "ok" : std::string(status.message());
      all = all && status.ok();
    }
    *ready = all;
    const nlohmann::ordered_json answer = {
        {"ready", all}, {"service", info_.name}, {"instance", instance_id_}, {"checks", checks}};
    return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

 protected:
  void AddVerb(Verb verb) override {
    if (verb.subject.empty()) verb.subject = AgentSubject(info_.name, verb.name);
    verb.reserved = verb.subject.starts_with("mesh.operator.");
    endpoints_.push_back(
        std::make_unique<Endpoint>(*bus_, info_, instance_id_, *in_flight_, std::move(verb)));
  }

 private:
  struct Background {
    std::string name;
    std::function<Awaitable<void>()> task;
    std::function<void()> stop;
  };

  http::ProbeReply Probe(std::string_view path) {
    if (path == "/livez") return {.body = "ok\n"};
    if (path == "/metrics")
      return {.content_type = "text/plain; version=0.0.4", .body = metrics::Expose()};
    if (path == "/readyz") {
      bool ready = false;
      std::string body = ReadinessJson(&ready) + "\n";
      return {ready ? 200 : 503, "application/json", std::move(body)};
    }
    return {404, "text/plain; charset=utf-8", "try /livez, /readyz or /metrics\n"};
  }

  Awaitable<void> Start() {
    for (auto& hook : start_hooks_) {
      absl::Status status = co_await hook();
      if (!status.ok()) {
        Fail(status);
        co_return;
      }
    }
    if (draining_) co_return;  // SIGTERM came first: nothing is taken any more
    absl::Status subscribed = Subscribe();
    if (!subscribed.ok()) {
      Fail(subscribed);
      co_return;
    }
    // The server handles what we send in order: once it has passed a message of ours to ourselves,
    // it knows every subscription above, and "ready" is true.
    std::string self = StrCat("$SRV.PING.", info_.name, ".", instance_id_);
    absl::StatusOr<bus::Message> heard = co_await bus_->Request(
        std::move(self), bus::Headers(), std::string(), Deadline::After(kSelfTestLimit));
    if (!heard.ok()) {
      Fail(heard.status());
      co_return;
    }
    if (draining_) co_return;
    for (Background& task : background_) {
      tasks_.Spawn(task.name, task.task(), [this] { Fail(absl::InternalError("see above")); });
    }
    started_ = true;
    start_limit_.cancel();
    log::Info("ready", {{"health_port", probes_.port()}, {"version", SWITCHBOARD_VERSION}});
    PublishLifecycle("mesh.event.agent.started");
  }

  absl::Status Subscribe() {
    service_ =
        std::make_unique<ServiceProtocol>(*bus_, info_, instance_id_, *in_flight_, endpoints_);
    RETURN_IF_ERROR(service_->Start());
    if (endpoints_.empty()) return absl::OkStatus();
    // One subscription for all verbs, so that an unknown verb gets an answer too; and one for this
    // instance's own, where a caller asks a replica that it knows to be alive.
    RETURN_IF_ERROR(TakeIn(AgentSubject(info_.name, "*"), info_.name));
    RETURN_IF_ERROR(TakeIn(AgentSubject(info_.name, "*") + OwnSuffix(), ""));
    for (const auto& endpoint : endpoints_) {
      const std::string& subject = endpoint->verb().subject;
      if (subject == AgentSubject(info_.name, endpoint->verb().name)) continue;
      RETURN_IF_ERROR(TakeIn(subject, info_.name));
      RETURN_IF_ERROR(TakeIn(subject + OwnSuffix(), ""));
    }
    // After the intake: of what arrives together, a request is seen before its cancellation.
    return in_flight_->Start();
  }

  std::string OwnSuffix() const { return "." + instance_id_; }

  absl::Status TakeIn(const std::string& subject, const std::string& queue_group) {
    ASSIGN_OR_RETURN(bus::Subscription subscription,
                     bus_->Subscribe(subject, queue_group, [this](bus::Message message) {
                       Dispatch(std::move(message));
                     }));
    intake_.push_back(std::move(subscription));
    return absl::OkStatus();
  }

  void Dispatch(bus::Message message) {
    std::string_view subject = message.subject();
    if (const std::string own = OwnSuffix(); subject.ends_with(own)) {
      subject.remove_suffix(own.size());
    }
    for (const auto& endpoint : endpoints_) {
      if (endpoint->verb().subject == subject) return endpoint->OnMessage(std::move(message));
    }
    std::vector<std::string> known;
    for (const auto& endpoint : endpoints_) known.push_back(endpoint->verb().name);
    const std::string verb(subject.substr(AgentSubject(info_.name, "").size()));
    SendError(
        *bus_, message, info_.name, instance_id_,
        WithRemedy(
            WithField(absl::UnimplementedError(StrCat(info_.name, " has no verb ", verb)), "verb"),
            StrCat("use one of ", StrJoin(known, ", "))));
  }

  void PublishLifecycle(const std::string& subject) {
    v1::AgentLifecycle event;
    event.set_agent(info_.name);
    event.set_instance_id(instance_id_);
    event.set_version(SWITCHBOARD_VERSION);
    event.mutable_at()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    // Informs operators; nothing depends on it.
    (void)bus_->Publish(subject,
                        {{kHeaderType, event.GetTypeName()},
                         {kHeaderAgent, info_.name},
                         {kHeaderSummary, StrCat(info_.name, " ", SWITCHBOARD_VERSION)}},
                        event.SerializeAsString());
  }

  void Fail(const absl::Status& status) {
    log::Error("stopping", {{"error", status.ToString()}});
    exit_code_ = 1;
    BeginDrain();
  }

  void BeginDrain() {
    if (draining_) return;
    draining_ = true;
    asio::co_spawn(io_, Drain(), asio::detached);
  }

  Awaitable<void> Drain() {
    const Deadline deadline = Deadline::After(config_.drain_timeout);
    log::Info("draining", {{"in_flight", in_flight_->count()}});
    for (auto& hook : drain_hooks_) hook();
    co_await WaitUntil([this] { return IntakeDrained() && in_flight_->count() == 0; }, deadline);
    if (in_flight_->count() > 0)
      log::Warning("drain time is over", {{"in_flight", in_flight_->count()}});
    for (Background& task : background_) {
      if (task.stop) task.stop();
    }
    // Consumers have work in hand too; what is left of the time is theirs, a second at least.
    const Deadline rest(std::max(deadline.at(), Deadline::After(std::chrono::seconds(1)).at()));
    co_await WaitUntil([this] { return tasks_.running() == 0; }, rest);
    for (auto& hook : stop_hooks_) co_await hook();
    if (started_) PublishLifecycle("mesh.event.agent.stopped");
    intake_.clear();
    in_flight_->Stop();
    service_.reset();
    co_await bus_->Flush(Deadline::After(std::chrono::seconds(1)));
    probes_.Stop();
    log::Info("stopped");
    io_.stop();
  }

  // Every subscription is asked each time: the first call is what begins its draining.
  bool IntakeDrained() {
    bool all = true;
    for (bus::Subscription& subscription : intake_) all = subscription.Drained() && all;
    return all;
  }

  Awaitable<void> WaitUntil(std::function<bool()> done, Deadline deadline) {
    Timer timer(io_);
    while (!done() && !deadline.expired()) {
      timer.expires_after(std::chrono::milliseconds(5));
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  asio::io_context& io_;
  const AgentInfo info_;
  const CommonConfig config_;
  const std::string instance_id_;
  std::unique_ptr<bus::Connection> bus_;
  std::unique_ptr<InFlight> in_flight_;
  asio::thread_pool pool_;
  TaskGroup tasks_;
  asio::signal_set signals_;
  Timer start_limit_;
  http::ProbeServer probes_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::unique_ptr<ServiceProtocol> service_;
  std::vector<bus::Subscription> intake_;
  std::vector<std::pair<std::string, std::function<absl::Status()>>> checks_;
  std::vector<std::function<Awaitable<absl::Status>()>> start_hooks_;
  std::vector<std::function<void()>> drain_hooks_;
  std::vector<std::function<Awaitable<void>()>> stop_hooks_;
  std::vector<Background> background_;
  bool started_ = false;
  bool draining_ = false;
  int exit_code_ = 0;
};

// Configuration errors go to a person at a terminal as well as to the collector.
int Refuse(const AgentInfo& info, const absl::Status& status) {
  for (const std::string_view line : StrSplit(ToStd(status.message()), '\n')) {
    std::fprintf(stderr, "%s: %.*s\n", info.name.c_str(), static_cast<int>(line.size()),
                 line.data());
  }
  return 2;
}

int HealthCheck(const CommonConfig& config) {
  const auto ready =
      http::ProbeGet(config.health_address, config.health_port, "/readyz", std::chrono::seconds(3));
  std::fprintf(ready.ok() ? stdout : stderr, "%s\n",
               ready.ok() ? ready->c_str() : ready.status().ToString().c_str());
  return ready.ok() ? 0 : 1;
}

}  // namespace

int RunAgent(int argc, char** argv, AgentInfo info,
             std::function<void(config::Reader&)> read_config, Setup setup) {
  config::Reader reader(argc, argv, environ);
  const CommonConfig config = CommonConfig::Read(reader, info.name);
  read_config(reader);
  if (reader.help_requested() || reader.markdown_requested()) {
    const std::string text =
        reader.help_requested() ? reader.Help(info.name, info.description) : reader.Markdown();
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  if (absl::Status status = reader.Finish(); !status.ok()) return Refuse(info, status);
  if (reader.healthcheck_requested()) return HealthCheck(config);

  asio::io_context io(1);
  AgentProcess process(io, info, config);
  log::Init(info.name, process.instance_id(), config.log_level);
  absl::Status status = process.Connect();
  if (status.ok()) status = process.ListenForProbes();
  if (status.ok()) status = setup(process);
  if (!status.ok()) {
    log::Error("cannot start", {{"error", status.ToString()}});
    return 1;
  }
  return process.Serve();
}

}  // namespace switchboard::runtime
